"""Telnyx's signature, against its SDK's own results and against what must never pass."""

import json
import os
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from events import SECOND, Refused
from sources.telnyx import verify

SHARED = Path(os.environ.get("CALLBOARD_SHARED") or Path(__file__).parents[2] / "shared") / "samples"
URL, BODY, AT = (
    "https://calls.example.com/webhooks/telnyx/e1",
    b'{"data":{"text":"Gr\xc3\xbc\xc3\x9fe"}}',
    1_793_869_200,
)
PRIVATE = SigningKey(bytes(range(32)))
PUBLIC = b64encode(bytes(PRIVATE.verify_key)).decode()


def headers(body: bytes = BODY, at: int = AT, **more: str) -> dict[str, str]:
    signature = PRIVATE.sign(f"{at}|".encode() + body).signature
    return {"Telnyx-Timestamp": str(at), "Telnyx-Signature-Ed25519": b64encode(signature).decode(), **more}


def is_verified(given_headers=None, *, body=BODY, secret=PUBLIC, now_s: float = AT) -> bool:
    given_headers = headers() if given_headers is None else given_headers
    return verify(url=URL, headers=given_headers, body=body, secret=secret, now=round(now_s * SECOND))


def shared(path: str):
    if not (SHARED / path).exists():
        pytest.skip(f"{path} is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    return json.loads((SHARED / path).read_text())


def test_every_vector_is_judged_as_telnyxs_sdk_judges_it():
    vectors = shared("vectors/telnyx.json")["vectors"]
    assert len(vectors) == 7 and {vector["sdk_verify"] for vector in vectors} == {True, False}
    for vector in vectors:
        body, key = vector["body"].encode(), vector["public_key_base64"]
        is_good = is_verified(vector["headers"], body=body, secret=key, now_s=vector["now_s"])
        assert is_good is vector["sdk_verify"], vector["name"]


def test_every_sample_carries_a_good_signature():
    signed = shared("telnyx/headers.json")
    for name, given_headers in signed["headers"].items():
        body, at = (SHARED / "telnyx" / name).read_bytes(), int(given_headers["telnyx-timestamp"])
        assert is_verified(given_headers, body=body, secret=signed["public_key_base64"], now_s=at), name
        assert not is_verified(given_headers, body=body + b" ", secret=signed["public_key_base64"], now_s=at)


@pytest.mark.parametrize(("late_s", "is_good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_both_ways(late_s, is_good):
    assert is_verified(now_s=AT + late_s) is is_good


@pytest.mark.parametrize(
    "odd",
    [
        {"Telnyx-Timestamp": ""},
        {"Telnyx-Timestamp": "soon"},
        {"Telnyx-Timestamp": f"{AT}.0"},
        {"Telnyx-Timestamp": f"+{AT}"},
        {"Telnyx-Timestamp": f"{AT + 1}"},
        {"Telnyx-Timestamp": "9" * 5000},
        {"Telnyx-Timestamp": "١٧٩٣٨٦٩٢٠٠"},
        {"Telnyx-Signature-Ed25519": ""},
        {"Telnyx-Signature-Ed25519": "ü"},
        {"Telnyx-Signature-Ed25519": "!" + headers()["Telnyx-Signature-Ed25519"]},
        {"Telnyx-Signature-Ed25519": headers()["Telnyx-Signature-Ed25519"][:-4]},
        {"Telnyx-Signature-Ed25519": b64encode(bytes(64)).decode()},
    ],
)
def test_odd_headers_fail(odd):
    assert not is_verified(headers() | odd)


@pytest.mark.parametrize(
    "secret", ["", "a", PUBLIC[:-4], b64encode(bytes(31)).decode(), b64encode(bytes(32)).decode(), "ü"]
)
def test_only_the_accounts_own_key_fits(secret):
    assert not is_verified(secret=secret)
    assert is_verified(secret=f" {PUBLIC}\n")  # as it is pasted


def test_a_changed_body_fails_and_an_empty_one_can_be_signed():
    assert not is_verified(body=BODY + b" ") and not is_verified(body=b"")
    assert is_verified(headers(b""), body=b"")
    assert not is_verified({}) and verify(url=URL, headers=None, body=BODY, secret=PUBLIC, now=0) is False


def test_without_pynacl_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nacl.signing", None)
    with pytest.raises(Refused, match="pip install pynacl") as caught:
        is_verified()
    assert caught.value.code == "missing_library"
    assert not is_verified(headers() | {"Telnyx-Timestamp": ""}), "a stranger's nonsense is told nothing"


@given(body=st.binary(), secret=st.text(), signature=st.text(), at=st.text(), now=st.integers(0, 2**62))
def test_verify_never_raises_and_never_says_yes_to_noise(body, secret, signature, at, now):
    for timestamp in (at, str(now // SECOND)):
        given_headers = {"telnyx-timestamp": timestamp, "telnyx-signature-ed25519": signature}
        for key in (secret, PUBLIC):
            assert verify(url=URL, headers=given_headers, body=body, secret=key, now=now) is False


@settings(max_examples=50)
@given(body=st.binary(), at=st.integers(0, 10**11))
def test_what_the_private_key_signs_the_public_one_verifies(body, at):
    assert is_verified(headers(body, at), body=body, now_s=at)
