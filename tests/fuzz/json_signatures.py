"""The signatures of those who send JSON: what is signed is let in, what was changed since is not, and odd headers are
only ever refused."""

from base64 import b64encode
from collections.abc import Callable
from importlib import import_module
from random import Random

from nacl.signing import SigningKey

from sources import deepgram_trial
from sources.adapter import Adapter
from tests.fuzz.adapters import NOW, SECRET, URL
from tests.fuzz.mutator import vary_bytes

CheckSignature = Callable[[Adapter, bytes, Random], None]

_TELNYX = SigningKey(bytes(range(32)))
_AT = str(NOW // 1_000_000)


def signed_by_trial(kind: str) -> CheckSignature:
    trial = import_module(f"sources.{kind}_trial")

    def check(adapter: Adapter, body: bytes, chance: Random) -> None:
        _check_body(adapter, trial.headers(URL, body, SECRET, NOW), body, SECRET, chance)

    return check


def _telnyx(adapter: Adapter, body: bytes, chance: Random) -> None:
    signature = b64encode(_TELNYX.sign(f"{_AT}|".encode() + body).signature).decode()
    headers = {"telnyx-timestamp": _AT, "telnyx-signature-ed25519": signature}
    _check_body(adapter, headers, body, b64encode(bytes(_TELNYX.verify_key)).decode(), chance)


def _deepgram(adapter: Adapter, body: bytes, chance: Random) -> None:
    """It signs nothing: the secret comes along, as a token, or as a password behind any name."""
    _check_headers(adapter, {"dg-token": SECRET}, body, SECRET, chance)
    headers = deepgram_trial.headers(URL, body, SECRET, NOW)
    assert adapter.verify(url=URL, headers=headers, body=body, secret=SECRET, now=NOW)
    told = vary_bytes(chance, f"callboard:{SECRET}".encode())
    odd = headers | {"Authorization": "Basic " + b64encode(told).decode()}
    is_told = told.partition(b":")[2] == SECRET.encode()
    assert adapter.verify(url=URL, headers=odd, body=body, secret=SECRET, now=NOW) is is_told


def _check_body(adapter: Adapter, headers: dict, body: bytes, secret: str, chance: Random) -> None:
    _check_headers(adapter, headers, body, secret, chance)
    assert not adapter.verify(url=URL, headers=headers, body=body + b" ", secret=secret, now=NOW)


def _check_headers(adapter: Adapter, headers: dict, body: bytes, secret: str, chance: Random) -> None:
    def is_let_in(headers: dict, secret: str = secret) -> bool:
        return adapter.verify(url=URL, headers=headers, body=body, secret=secret, now=NOW)

    assert is_let_in(headers)
    assert not is_let_in(headers, "") and not is_let_in({})
    for name, value in headers.items():
        odd = vary_bytes(chance, value.encode()).decode("latin1")
        is_same = odd.strip().lower() == value.lower() or name == "Content-Type"
        assert is_same or not is_let_in(headers | {name: odd}), (name, odd)


SIGNATURES: dict[str, CheckSignature] = {"telnyx": _telnyx, "deepgram": _deepgram}
