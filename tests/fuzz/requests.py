"""What stands in addresses and headers: the query of a socket, tokens, the filters of REST."""

import re
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes

from msgspec import UNSET
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, parse_request_start_line

from events import encode
from handlers.api import ApiError, parse
from handlers.calls_api import CallQueryHandler, _Paging
from handlers.deflate import negotiate
from handlers.live import LiveTranscriptHandler
from handlers.token_socket import Refusal
from handlers.transcripts_api import _Query
from handlers.viewer_request import viewer_request
from models import calls
from models.calls import CallFilter
from models.rights import hashed
from sources.limits import INT32
from tests.fuzz.event_laws import board, is_asked_of_a_database
from tests.fuzz.mutator import vary_bytes, vary_form
from tests.fuzz.target import Target, varied_by

INT64 = 2**63 - 1
REFUSED = {"token": None, "after": r"[0-9]{1,18}", "interim": "[01]", "epoch": r"[^\0-\x1f\x7f]{0,64}"}
REFUSED["client"] = r"[^\0-\x1f\x7f]{1,64}"


def request_of(path: str, data: bytes, **more) -> HTTPServerRequest | None:
    """A request as Tornado reads it of the wire: the query is the first line, the headers are the others."""
    query, _, headers = data.decode("latin1").partition("\n")
    try:
        line = parse_request_start_line(f"GET {path}?{query} HTTP/1.1")
        parsed = HTTPHeaders.parse(headers.replace("\n", "\r\n"))
        parsed.setdefault("Host", "calls.example.com")
        connection = SimpleNamespace(context=SimpleNamespace(remote_ip="127.0.0.1", protocol="http"))
        return HTTPServerRequest(start_line=line, headers=parsed, connection=connection, **more)
    except HTTPInputError:
        return None  # 400, before anything of ours is asked


def handler_of(kind: type, request: HTTPServerRequest):
    """A handler that has its request and nothing else: enough to read it."""
    handler = kind.__new__(kind)
    handler.request = request
    return handler


def _check_viewer(data: bytes) -> str:
    request = request_of("/live-transcript/CA1", data)
    if request is None:
        return "no request"
    opening = handler_of(LiveTranscriptHandler, request).opening()
    query = _last_values(request.query.encode("latin1"))
    assert {name: values[-1] for name, values in opening.query.items()} == query
    if opening.token is not None:
        hashed(opening.token)
    assert not query.get("token") or opening.token == query["token"]
    wrong = [name for name in ("after", "interim", "epoch", "client") if not _fits(REFUSED[name], query.get(name))]
    try:
        asked = viewer_request(opening.query)
    except Refusal as refusal:
        encode([refusal.error, refusal.args[0], refusal.more])
        assert (refusal.error, refusal.code, refusal.retry_after) == ("invalid_parameter", 1008, None)
        assert refusal.more["field"] in wrong
        return f"refused {wrong}"
    assert not wrong
    assert asked.after == (int(query["after"]) if "after" in query else None)
    assert (asked.epoch or "", asked.client) == (query.get("epoch", ""), query.get("client"))
    assert asked.wants_interims == (query.get("interim") != "0")
    for epoch, head in (("k3v9", 41), (asked.epoch, 41)):
        cursor, continues = asked.resume(epoch, head)
        assert cursor == (asked.after or 0 if continues else 0) and cursor <= head
        assert continues or (asked.after is not None and (asked.after > head or asked.epoch != epoch))
    return f"{[value is not None for value in asked]} {opening.token is not None}"


def _last_values(query: bytes) -> dict[str, str]:
    pairs = [part.partition(b"=") for part in query.split(b"&") if part]
    plain = [[unquote_to_bytes(text.replace(b"+", b" ")) for text in (name, value)] for name, _, value in pairs]
    return {name.decode("latin1"): value.decode(errors="replace") for name, value in plain}


def _fits(shape: str, value: str | None) -> bool:
    return value is None or re.fullmatch(shape, value) is not None


def _check_rest(data: bytes) -> str:
    request = request_of("/api/v1/calls", data)
    if request is None:
        return "no request"
    handler, labels = handler_of(CallQueryHandler, request), []
    for read in (handler.filters, lambda: parse(_Paging, handler.query()), lambda: parse(_Query, handler.query())):
        try:
            asked = read()
        except ApiError as error:
            encode([error.code, error.message, error.field])
            assert (error.status, error.code) == (400, "invalid_parameter") and len(error.message) < 400
            labels.append(str(error.field))
            continue
        values = (
            asked._asdict() if hasattr(asked, "_asdict") else {f: getattr(asked, f) for f in asked.__struct_fields__}
        )
        for name, value in values.items():
            most = INT64 if name in ("after", "date_from", "date_to") else INT32
            assert value in (None, UNSET) or not isinstance(value, int) or -INT64 < value <= most, name
            assert not isinstance(value, str) or "\x00" not in value.encode().decode()
        labels.append(",".join(name for name, value in values.items() if value is not None))
        if isinstance(asked, CallFilter) and is_asked_of_a_database(data):
            db, organization_id = board()
            assert calls.count(db, organization_id, asked) == 0
    return " ".join(labels)


def _check_header(data: bytes) -> str:
    """A key, from wherever it is brought, is text that a database can be asked for."""
    request = request_of("/live-transcript/CA1", data)
    if request is None:
        return "no request"
    handler = handler_of(LiveTranscriptHandler, request)
    offered = handler._tokens("Sec-WebSocket-Protocol")
    if offered:
        chosen = handler.select_subprotocol(offered)
        assert chosen in offered and "," not in chosen
        assert handler._convert_header_value(chosen) == chosen, "what is echoed cannot stand in a header"
    fault = handler._fault()
    assert fault is None or fault[0] in (400, 426)
    agreement = negotiate(request.headers.get("Sec-WebSocket-Extensions", ""))
    if agreement is not None:
        assert 9 <= agreement.window_bits <= 15
        assert handler._convert_header_value(agreement.answer).startswith(
            "permessage-deflate; server_no_context_takeover"
        )
    token = handler.opening().token
    if token is not None:
        hashed(token)
    return f"{fault and fault[0]} {token is not None} {len(offered)} {agreement}"


_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_HANDSHAKE = (
    f"\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: {_KEY}\n".encode()
)
REQUESTS = {
    "viewer": Target(
        [
            b"token=cb_abc&after=41&epoch=k3v9&interim=0&client=desk%201",
            b"after=0\nAuthorization: Bearer cb_abc\n",
            b"token=&client=%C3%A9\nSec-WebSocket-Protocol: callboard.v1, callboard-token-cb_abc\n",
        ],
        varied_by(vary_form, vary_form, vary_bytes),
        _check_viewer,
    ),
    "rest": Target(
        [
            b"skip=10&limit=50&status=ongoing&assistant_id=7&customer_phone=%2B15550123&min_duration=1&max_duration=60",
            b"date_from=2026-11-05&date_to=2026-11-05T09:00:00%2B01:00&status=failed",
            b"speaker=user&include_interim=true&after=41&limit=1000",
        ],
        varied_by(vary_form, vary_form, vary_bytes),
        _check_rest,
    ),
    "handshake": Target(
        [
            _HANDSHAKE + b"Sec-WebSocket-Protocol: callboard.v1, callboard-token-cb_abc\n",
            b"token=tk_abc" + _HANDSHAKE,
            _HANDSHAKE + b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate\n",
            _HANDSHAKE + b'Sec-WebSocket-Extensions: permessage-deflate;server_max_window_bits="10"\n',
            _HANDSHAKE + b"Authorization: Bearer cb_abc\n",
        ],
        varied_by(vary_bytes),
        _check_header,
    ),
}
