"""The database before and after: what a server needs to be let in, and the log as it is read."""

import json
from collections.abc import Iterable
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from models import accounts, assistants, rights, sources
from models.database import administered, execute
from models.store import wall_clock
from tests.crash.journal import Line, Violation
from tests.crash.load import Place
from tests.patience import PATIENT_HTTP

SECRET = "not a real secret"


def furnish(database_url: str) -> tuple[str, str, str]:
    """A key, a Twilio webhook's path and its secret, in a new database."""
    now = wall_clock()
    with administered(database_url, makes=True) as db:
        organization = accounts.create_organization(db, now, "Larkspur Cycles")
        assistant = assistants.default(db, now, organization)
        user = accounts.create_user(db, now, organization, "ada@example.com", "admin", "correct horse")
        key = rights.create_key(db, now, user, "crash", ["read", "ingest"], None)
        endpoint = sources.create(db, now, organization, assistant, "twilio", SECRET, None)
    return key, f"/webhooks/twilio/{endpoint}", SECRET


async def log_by_rest(place: Place, call_sids: Iterable[str]) -> dict[str, list[Line]]:
    log = {}
    asked = {"headers": {"Authorization": f"Bearer {place.key}"}, "ssl_options": place.tls} | PATIENT_HTTP

    async def get(url: str) -> Any:
        return json.loads((await AsyncHTTPClient().fetch(url, **asked)).body)

    for call_sid in call_sids:
        base = f"{place.url}/api/v1/calls/sid/{call_sid}"
        entries, call = await get(f"{base}/transcripts?after=0"), await get(base)
        log[call_sid] = [Line(entry["seq"], entry["segment_id"], entry["content"]) for entry in entries]
        if call["transcript_count"] != len({line.segment_id for line in log[call_sid]}):
            raise Violation(f"{call_sid}: transcript_count is {call['transcript_count']}")
    return log


def log_by_sql(database_url: str) -> dict[str, list[Line]]:
    """As it stands in the tables; `head_seq` too."""
    log: dict[str, list[Line]] = {}
    with administered(database_url) as db:
        rows = execute(
            db,
            'SELECT "call".call_sid, entry.seq, entry.segment_id, entry.content FROM entry'
            ' JOIN "call" ON "call".id = entry.call_id ORDER BY "call".id, entry.seq',
        ).fetchall()
        heads = execute(db, 'SELECT call_sid, head_seq FROM "call"').fetchall()
    for call_sid, *line in rows:
        log.setdefault(call_sid, []).append(Line(*line))
    for call_sid, head in heads:
        if head != len(log.get(call_sid, ())):
            raise Violation(f"{call_sid}: head_seq is {head}, and {len(log.get(call_sid, ()))} entries are stored")
    return log
