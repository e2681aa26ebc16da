"""Every status that docs/openapi.json names is provoked on a real server, and its answer has the described shape."""

import json
from collections.abc import Iterator

from alerting import make_rule
from described import OPENAPI, faults, resolve
from events import Unavailable
from house import House, open_house
from models import erasing, sources
from strangers import stop_the_clock

OPERATIONS = {
    operation["operationId"]: (path, method.upper(), operation)
    for path, item in OPENAPI["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
SAID = {"segment_id": "u-1", "speaker": "user", "content": "Is my bike ready?", "revision": 1}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MIB = 1 << 20


class Caller:
    """Asks for operations by name, and holds each answer against its description."""

    def __init__(self, house: House, **places: str):
        self.house, self.places = house, {"id": "1", "call_sid": "CA0001", "kind": "twilio", "note_id": "1"} | places
        self.seen: set[tuple[str, int]] = set()

    async def ask(self, name: str, status: int, body=None, *, query="", key: str | None = "", headers=None, **places):
        path, method, operation = OPERATIONS[name]
        address = path.format(**self.places | places) + (query or ("?q=bike" if name == "searchCalls" else ""))
        if body is None and "requestBody" in operation:
            body = example_of(operation)
        if isinstance(body, str) and name == "receiveProviderEvent":
            headers = FORM
        answer = await self.house.fetch(method, address, body, key=key, headers=headers)
        assert answer.code == status, (name, answer.code, answer.body)
        assert str(status) in operation["responses"], (name, status)
        self.hold(answer, resolve(OPENAPI, operation["responses"][str(status)]), (name, status))
        self.seen.add((name, status))

    @staticmethod
    def hold(answer, described, where) -> None:
        for name, header in described.get("headers", {}).items():
            header = resolve(OPENAPI, header)
            if header.get("required"):
                text = answer.headers[name]
                value = int(text) if header["schema"].get("type") == "integer" else text
                assert faults(OPENAPI, header["schema"], value) == [], (where, name)
        if "content" not in described:
            assert answer.body == b"", where
            return
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in described["content"], where
        schema = described["content"][kind]["schema"]
        if kind != "application/json":
            assert schema == {"type": "string"} and answer.body.decode(), where
        elif schema != {"type": "object"}:  # the descriptions themselves
            assert faults(OPENAPI, schema, json.loads(answer.body)) == [], (where, answer.body)


def example_of(operation: dict) -> str | dict:
    media = resolve(OPENAPI, operation["requestBody"])["content"]
    if "application/x-www-form-urlencoded" in media:  # what any of several kinds of webhook may get
        return "AccountSid=AC0001&CallSid=CA0001&CallStatus=in-progress"
    return resolve(OPENAPI, next(iter(media["application/json"]["examples"].values())))["value"]


def with_status(status: int) -> Iterator[str]:
    return (name for name, (_, _, operation) in OPERATIONS.items() if str(status) in operation["responses"])


async def successes(caller: Caller) -> None:
    """In this order: the first creates the call that the rest is about."""
    await caller.ask("putCall", 204, {"call_sid": "CA0001", "status": "ringing"})
    await caller.ask("putCall", 201)
    await caller.ask("putCall", 200)
    for by in ("BySid", "ById"):
        said = SAID | {"segment_id": by}
        await caller.ask("addTranscripts" + by, 201, said)
        await caller.ask("addTranscripts" + by, 200, said)
        await caller.ask("addTranscripts" + by, 201, {"transcripts": [said | {"revision": 2, "content": "Oh"}, {}]})
        await caller.ask("addTranscripts" + by, 200, {"transcripts": [{**said, "is_final": False}]})
        await caller.ask("addTranscripts" + by, 409, said | {"content": "Is my boat ready?"})
        await caller.ask("addTranscripts" + by, 422, {"transcripts": [said | {"speaker": "agent"}]})
        await caller.ask("listTranscripts" + by, 200)
        await caller.ask("listTranscripts" + by, 200, query="?after=0&limit=1&speaker=user")
        for format_ in ("txt", "json", "csv", "srt", "vtt"):
            await caller.ask("exportTranscripts" + by, 200, query=f"?format={format_}&speaker=user")
        await caller.ask("getMetrics" + by, 200)
        await caller.ask("addNote" + by, 201)
        await caller.ask("changeNote" + by, 200)
        await caller.ask("listNotes" + by, 200)
        await caller.ask("exportTranscripts" + by, 200, query="?format=json&notes=1")
        await caller.ask("removeNote" + by, 204)
        await caller.ask("getCall" + by, 200)
        await caller.ask("mergeMetadata" + by, 200)
        await caller.ask("setStatus" + by, 200, {"status": "in-progress"})
    await caller.ask("setStatusBySid", 204, {"status": "queued"}, call_sid="CA0002")
    for name in ("listAlerts", "listAlertsById", "listAlertsBySid"):
        await caller.ask(name, 200)
    for name in ("listCalls", "countCalls", "getCallStats", "listAudit", "getHealth", "getReadiness"):
        await caller.ask(name, 200)
    await caller.house.services.searching.catch_up()
    await caller.ask("searchCalls", 200, query="?q=bike")
    await caller.ask("makeTicket", 201)
    await caller.ask("makeTicket", 201, {"feed": "live-calls"})
    await caller.ask("setStatusById", 200, {"status": "busy"})
    for name in ("listCalls", "getCallById", "getCallStats"):  # of a call that has ended, too
        await caller.ask(name, 200)
    await caller.ask("receiveProviderEvent", 204)
    for name in ("getOpenApi", "getAsyncApi", "headOpenApi", "headAsyncApi"):
        await caller.ask(name, 200, key=None)
        await caller.ask(name, 304, key=None, headers={"If-None-Match": "*"})
    for name in OPERATIONS:
        if name.startswith("preflight"):
            await caller.ask(name, 204, key=None)


async def errors(caller: Caller, keys: dict[str, str]) -> None:
    """What a client can do wrong, the same for every operation that documents it."""
    for name in with_status(401):
        await caller.ask(name, 401, key=None)
    for name in set(with_status(403)) - {"receiveProviderEvent"}:
        scope = OPERATIONS[name][2]["security"][0]["key"][0]
        await caller.ask(name, 403, key=keys[scope])
    await caller.house.say("CA0003", "s-1", "This is to be erased.")
    await caller.house.services.erasing.erase(await caller.house.store.read(erasing.with_sid, "CA0003"))
    for name in with_status(410):
        await caller.ask(name, 410, {"call_sid": "CA0003"} if name == "putCall" else None, call_sid="CA0003")
    for name in with_status(404):
        nowhere = "9" * 19 if name.startswith("preflight") else "999999"
        call_sid = "" if name.startswith("preflight") else "CA0404"
        await caller.ask(name, 404, id=nowhere, call_sid=call_sid, endpoint="nothing")
    for name in set(with_status(413)) - {"receiveProviderEvent"}:
        longest = 18 * MIB if name.startswith("addTranscripts") else 256 << 10
        await caller.ask(name, 413, " " * (longest + 1))
    await caller.ask("receiveProviderEvent", 413, " " * (20 * MIB + 1))
    for name in with_status(400):
        path, _, operation = OPERATIONS[name]
        if "requestBody" in operation:
            await caller.ask(name, 400, "x")
        elif "{call_sid}" in path:
            await caller.ask(name, 400, call_sid="%FF")
        else:
            await caller.ask(name, 400, query="?limit=x&min_duration=x&format=x")
    bad = {"mergeMetadata": {"metadata": 1}, "putCall": {"call_sid": "a,b"}, "makeTicket": {}, "addNote": {"text": 1}}
    for name in with_status(422):
        body = next((body for start, body in bad.items() if name.startswith(start)), {})
        is_read = OPERATIONS[name][1] in ("GET", "DELETE")
        bad_words = {"query": "?q=a*"} if name == "searchCalls" else {"call_sid": "a,b"}
        await caller.ask(name, 422, **bad_words if is_read else {"body": body})
    await caller.ask("putCall", 422, {"call_sid": "CA0001", "assistant": "Back desk"})


async def test_every_documented_status_is_met_and_looks_as_described(house, sqlite_url, tmp_path, monkeypatch):
    create = (house.clock(), house.organization_id, 1, "twilio")
    caller = Caller(house, endpoint=await house.store.write(sources.create, *create, None, None))
    await make_rule(house, "Bike", "phrase", "bike")
    await successes(caller)
    scopes = {"read", "ingest", "admin"}
    await errors(caller, {scope: await house.make_key(*scopes - {scope}) for scope in scopes})
    signed = await house.store.write(sources.create, *create, "secret", None)
    await caller.ask("receiveProviderEvent", 403, endpoint=signed)

    async with open_house(f"sqlite:///{tmp_path}/busy.db", requests_per_key=1) as busy:
        await busy.furnish()
        stop_the_clock(busy)  # no room comes back meanwhile
        while (await busy.fetch("GET", "/api/v1/calls/stats")).code != 429:
            pass
        limited = Caller(busy)
        for name in with_status(429):
            await limited.ask(name, 429)

    async def away(*_, **__):
        raise Unavailable("The database does not answer just now.")

    monkeypatch.setattr(house.store, "read", away)

    def away_at_once(*_, **__):
        raise Unavailable("The database does not answer just now.")

    monkeypatch.setattr(house.store, "write", away)
    monkeypatch.setattr(house.store, "write_together", away_at_once)
    for name in with_status(503):
        await caller.ask(name, 503)

    documented = {(name, int(status)) for name, (_, _, one) in OPERATIONS.items() for status in one["responses"]}
    assert documented - caller.seen - limited.seen == set()
