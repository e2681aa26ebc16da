"""Two organisations that must not see each other, everyone who may try, and what an answer or the database tells.

Whatever is of the first organisation and only its own people may see has the word CANARY in it.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from access_table import ENDPOINT, SCOPES
from events import SECOND
from house import Furniture, House
from models import (
    accounts,
    alert_rules,
    alert_targets,
    assistants,
    audit,
    calls,
    notes,
    redaction_settings,
    rights,
    sources,
)
from models.database import execute
from rules.rule import Rule

CANARY = "canary"
DUE = "SELECT 1 FROM alert_delivery"
_OF_CALL = "call_id IN (SELECT id FROM call WHERE organization_id = 1)"
_OF_USER = "user_id IN (SELECT id FROM account WHERE organization_id = 1)"
OWN_ROWS = {  # which rows are the first organisation's
    "organization": "id = 1",
    **dict.fromkeys(("account", "assistant", "source", "call", "call_alias"), "organization_id = 1"),
    **dict.fromkeys(("redaction", "redaction_pattern", "redaction_count"), "organization_id = 1"),
    **dict.fromkeys(("alert", "alert_rule", "alert_target", "note", "retention"), "organization_id = 1"),
    "alert_delivery": "target_id IN (SELECT id FROM alert_target WHERE organization_id = 1)",
    **dict.fromkeys(("session", "api_key", "ticket"), _OF_USER),
    **dict.fromkeys(("entry", "status_change", "source_state", "call_link"), _OF_CALL),
}
BOOKKEEPING = {"meta", "source_rejection", "audit_entry", "schema_migration", "sqlite_sequence"}  # not compared
BOOKKEEPING |= {"erased_call", "entry_terms", *(f"entry_terms_{part}" for part in ("config", "content", "data", "idx"))}
PASSING = {"api_key": "last_used_at", "source": "last_event_at"}  # columns that any use may change


class People(NamedTuple):
    """What the callers show; `keys`, `sessions` and `tickets` by who they are."""

    furniture: Furniture
    keys: dict[str, str]
    sessions: dict[str, str]
    tickets: dict[str, str]


async def settle(house: House) -> People:
    """Fill an empty house. What has expired did so a second before: the clock of each test begins anew."""
    write, now = house.store.write, house.clock()
    ours = await house.organization("Canary Cycles")
    ada = await house.user("canary-ada@example.com", ours)
    sue = await house.user("canary-sue@example.com", ours, "supervisor")
    gone = await house.user("canary-gone@example.com", ours)
    await write(assistants.create, now, ours, "Canary desk")

    async def make_key(*scopes: str, user: int = ada, expires_at: int | None = None) -> str:
        return await write(rights.create_key, now, user, "canary key", list(scopes), expires_at)

    house.furniture = Furniture(ours, ada, await make_key(*SCOPES))
    theirs = await house.organization("Other")
    bea = await house.user("bea@other.example", theirs)
    keys = {scope: await make_key(scope) for scope in SCOPES} | {
        "foreign": await make_key(*SCOPES, user=bea),
        "expired": await make_key(*SCOPES, expires_at=now - SECOND),
        "revoked": await make_key(*SCOPES),
        "deactivated": await make_key(*SCOPES, user=gone),
    }
    await write(_rename_foreign_key)
    sessions = {
        name: await write(rights.create_session, at, user)
        for name, user, at in (
            *(("administrator", ada, now), ("person", sue, now), ("foreign", bea, now)),
            *(("expired", ada, now - rights.SESSION_US - SECOND), ("ended", ada, now), ("deactivated", gone, now)),
        )
    }
    await write(rights.end_session, sessions["ended"])
    await _converse(house)
    await write(_plant_source, now)
    await _plant_alert(house, ours)
    call = await house.store.read(calls.by_sid, ours, "CA1")
    for user, email in ((ada, "canary-ada@example.com"), (sue, "canary-sue@example.com")):
        await write(partial(notes.add, segment_id="s1", text="Canary note."), now, call, user, email)
    await write(redaction_settings.add_pattern, now, ours, "ORDER", "canary-[0-9]{6}")
    await write(audit.add, [audit.by_command_line(now, ours, "user.created", "canary-ada@example.com")])
    await house.services.searching.catch_up()
    tickets = await _tickets(house, keys, sessions)
    await write(rights.revoke_key, now, keys["revoked"])
    await write(accounts.deactivate_user, "canary-gone@example.com")
    return People(house.furniture, keys, sessions, tickets)


async def _converse(house: House) -> None:
    for call_sid in ("CA1", "CA2"):
        told = {"call_sid": call_sid, "metadata": {"note": "canary metadata"}, "from_number": "canary-caller"}
        told["alias"] = call_sid.replace("CA", "VA")
        answer = await house.fetch("POST", "/api/v1/calls", told)
        assert answer.code == 201, answer.body
        await house.say(call_sid, "s1", "Canary words, for our own people only.")


async def _tickets(house: House, keys: dict[str, str], sessions: dict[str, str]) -> dict[str, str]:
    write, read, now = house.store.write, house.store.read, house.clock()
    of_key = {name: await read(rights.key_grant, now, key) for name, key in keys.items() if name != "expired"}
    of_session = await read(rights.session_grant, now, sessions["person"])
    made = {
        "viewer": await write(rights.create_ticket, now, of_key["read"], "CA1"),
        "page": await write(rights.create_ticket, now, of_session, "CA1"),
        "another call": await write(rights.create_ticket, now, of_key["read"], "CA2"),
        "feed": await write(rights.create_ticket, now, of_key["read"], None),
        "foreign": await write(rights.create_ticket, now, of_key["foreign"], "CA1"),
        "of a revoked key": await write(rights.create_ticket, now, of_key["revoked"], "CA1"),
        "used": await write(rights.create_ticket, now, of_key["read"], "CA1"),
        "expired": await write(rights.create_ticket, now - rights.TICKET_US - SECOND, of_key["read"], "CA1"),
    }
    await write(rights.redeem_ticket, now, made["used"], "CA1")
    return made


def _rename_foreign_key(db: Any) -> None:
    execute(db, "UPDATE api_key SET name = 'theirs' WHERE user_id > 3")


async def _plant_alert(house: House, ours: int) -> None:
    rule = Rule(name="Canary rule", kind="phrase", text="canary words")
    await house.store.write(alert_rules.create, house.clock(), ours, rule)
    await house.services.alert_rules.poll()
    await house.say("CA1", "s2", "More canary words.")
    await house.store.write(alert_targets.create, house.clock(), ours, "https://canary.invalid/hook", True)


def _plant_source(db: Any, now: int) -> None:
    sources.create(db, now, 1, 1, "twilio", "canary-auth-token", "AC-canary")
    execute(db, "UPDATE source SET endpoint = ?", ENDPOINT)


def _rows(path: str, conditions: dict[str, str], columns: set[str]) -> dict[str, list]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        found = {}
        for table, condition in conditions.items():
            rows = connection.execute(f'SELECT * FROM "{table}" WHERE {condition}').fetchall()
            found[table] = [{name: row[name] for name in row.keys() if name not in columns} for row in rows]  # noqa: SIM118
        return found
    finally:
        connection.close()


def stored(path: str, *, only_ours: bool = False) -> dict[str, list]:
    """What the database has, of everyone or of the first organisation only; `ticket` apart, which trying uses up."""
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert tables - BOOKKEEPING == set(OWN_ROWS), "a new table: whose are its rows?"
    conditions = OWN_ROWS if only_ours else dict.fromkeys(OWN_ROWS, "1 = 1")
    return _rows(path, {name: it for name, it in conditions.items() if name != "ticket"}, set(PASSING.values()))


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """What the server asks of its database meanwhile, without the names of savepoints and what it asks on its own."""
    told: list[str] = []
    databases = house.store._db, house.store._reading

    def heard(ask: Callable[..., Any]) -> Callable[..., Any]:
        def execute_sql(sql: str, params: Any = None) -> Any:
            if "rights_version" not in sql and not sql.startswith(
                ("SELECT value FROM meta", "SELECT name, value FROM meta", DUE)
            ):
                told.append(re.sub(r"\b[a-z]?[0-9a-f]{32}\b", "…", sql))
            return ask(sql, params)

        return execute_sql

    for db in databases:
        db.execute_sql = heard(db.execute_sql)
    try:
        yield told
    finally:
        for db in databases:
            del db.execute_sql


EACH_TIME = ("Date", "Set-Cookie", "Etag", "X-Request-Id")  # another in every answer


def plain(answer: Any, path: str) -> str:
    """Every byte of an HTTP answer but those that differ each time: date, nonce, XSRF token; and the caller's words."""
    headers = sorted(f"{name}: {value}" for name, value in answer.headers.get_all() if name not in EACH_TIME)
    text = "\n".join([str(answer.code), *headers, "", (answer.body or b"").decode()])
    if nonce := re.search(r"'nonce-([^']+)'", text):
        text = text.replace(nonce[1], "NONCE")
    text = re.sub(r"2\|[0-9a-f]{8}\|[0-9a-f]+\|[0-9]+", "XSRF", text)
    return text.replace(path, "PATH")


def everything(answer: Any) -> str:
    """Every byte of an HTTP answer, in small letters."""
    return (str(answer.code) + str(answer.headers) + (answer.body or b"").decode()).lower()
