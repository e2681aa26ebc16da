"""A provider's account as the tests play it: it signs and posts what the provider would."""

import json
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from nacl.signing import SigningKey

from house import House
from models import assistants, sources
from sources import retell_signature, vapi_signature

SEED = bytes(range(32))
SECRETS = {
    "vapi": "an-invented-vapi-token",
    "retell": "key_invented_0123456789",
    "telnyx": b64encode(bytes(SigningKey(SEED).verify_key)).decode(),
    "deepgram": "an-invented-callback-secret",
}
JSON = {"Content-Type": "application/json"}
PAYLOADS = Path(__file__).parent / "payloads"


def signed(kind: str, body: bytes, secret: str, now: int) -> dict[str, str]:
    """The headers with which this provider proves itself; Telnyx's secret is a public key, ours the one of SEED."""
    match kind:
        case "vapi":
            return JSON | vapi_signature.sign(body, secret, now)
        case "retell":
            return JSON | {"X-Retell-Signature": retell_signature.sign(body, secret, now)}
        case "telnyx":
            at = str(now // 1_000_000)
            signature = SigningKey(SEED).sign(f"{at}|".encode() + body).signature
            return JSON | {"telnyx-timestamp": at, "telnyx-signature-ed25519": b64encode(signature).decode()}
        case "deepgram":
            return JSON | {"Authorization": "Basic " + b64encode(f"callboard:{secret}".encode()).decode()}
    raise ValueError(kind)


class Line:
    def __init__(self, house: House, kind: str, endpoint: str, query: str = ""):
        self.house, self.kind, self.path = house, kind, f"/webhooks/{kind}/{endpoint}"
        self.query = f"?{query}" if query else ""

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        """The status; signed now, unless `headers` say how."""
        if headers is None:
            headers = signed(self.kind, body, SECRETS[self.kind], self.house.clock())
        answer = await self.house.fetch("POST", self.path + self.query, body, key=None, headers=headers)
        return answer.code


async def new_line(house: House, kind: str, *, query: str = "", secret: str | None = None, **more: str) -> Line:
    """A source of this kind; `more` is its account and its config."""
    assistant, _ = await house.store.read(assistants.find, house.organization_id, "Front desk")
    where = house.clock(), house.organization_id, assistant
    told = secret or SECRETS[kind], more.get("account"), more.get("config", "{}")
    return Line(house, kind, await house.store.write(sources.create, *where, kind, *told), query)


class Recording(NamedTuple):
    """A call as a provider sent it."""

    call_sid: str
    bodies: list[bytes]
    want: dict  # {"finals": […], "statuses": […]}
    query: str = ""


def recorded(shared: Path, kind: str) -> Recording:
    """The provider's sample call."""
    folder = shared / "samples" / kind
    manifest = json.loads((folder / "manifest.json").read_text())
    bodies = [(folder / message["file"]).read_bytes() for message in manifest["messages"]]
    return _recording(kind, bodies, json.loads((folder / "expected.json").read_text()))


def golden(kind: str) -> Recording:
    """Our own payloads, and what the events beside them come to: the last of each segment, and its states."""
    folder = PAYLOADS / kind
    bodies = [path.read_bytes() for path in sorted(folder.glob("[0-9]*.json"))]
    events = [event for said in json.loads((folder / "events.json").read_text()).values() for event in said]
    said = {e["segment_id"]: e for e in events if e["event"] == "Transcript" and e["is_final"]}
    shown = ("speaker", "content", "confidence", "segment_start", "segment_end")
    finals = [{name: said.get(name) for name in shown} for said in said.values() if said["content"]]
    statuses = [event["status"] for event in events if event["event"] == "StatusReported"]
    return _recording(kind, bodies, {"finals": finals, "statuses": list(dict.fromkeys(statuses))})


def _recording(kind: str, bodies: list[bytes], want: dict) -> Recording:
    if kind == "deepgram":
        return Recording("CA-deepgram", bodies, want, "call_sid=CA-deepgram")
    said = next(json.loads(body) for body in bodies)
    match kind:
        case "vapi":
            call_sid = said["message"]["call"]["id"]
        case "retell":
            call_sid = said["call"]["call_id"]
        case _:
            call_sid = said["data"]["payload"]["call_control_id"]
    return Recording(call_sid, bodies, want)
