"""Retell's and Vapi's signatures: against the results of Retell's own library, and against what must never pass."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import SECOND
from sources import retell, vapi
from sources.hmac_signature import signed
from tests.adapter_calls import SHARED

URL, SECRET, NOW = "https://calls.example.com/webhooks/x/y", "an-invented-secret", 1_793_869_200_123_456  # µs
BODY = '{"event":"call_started","call":{"call_id":"café"}}'.encode()

# What Retell's library makes of a body, and judges of it, at which time (ms); by its version 6.2.13.
KEY, MS = "key_sample_1d4f8c20b7a96e35d0", 1772463850500
SIGNED = '{"event":"transcript_updated","call":{"transcript":"User: café, naïve"}}'.encode()
MADE = f"v={MS},d=f594496a6c17a1fe1dee2139c8745d7d2cef48092926aa54ad7dd7ae62325ef4"


def by_retell(body=BODY, secret=SECRET, now=NOW, header=None) -> bool:
    given_header = retell.sign(BODY, SECRET, NOW) if header is None else header
    return retell.verify(url=URL, headers={"x-RETELL-signature": given_header}, body=body, secret=secret, now=now)


def by_vapi(headers, body=BODY, secret=SECRET, now=NOW) -> bool:
    return vapi.verify(url=URL, headers=headers, body=body, secret=secret, now=now)


@pytest.mark.parametrize("space", ["", " ", "\t", "\n", "\x1d", "\x85", "\xa0"])
def test_retell_s_header_has_nothing_between_its_parts_and_at_most_blanks_around_them(space: str):
    made = retell.sign(BODY, SECRET, NOW)
    assert by_retell(header=made.replace(",", "," + space)) is (space == "")
    assert by_retell(header=f"{space}{made}{space}") is (space in ("", " ", "\t"))


@pytest.mark.parametrize(
    ("body", "now_ms", "is_good"),
    [
        (SIGNED, MS + 10, True),
        (SIGNED, MS + 300_000, True),
        (SIGNED, MS - 300_000, True),
        (SIGNED, MS + 300_001, False),
        (SIGNED, MS - 300_001, False),
        (SIGNED.replace(b":", b": "), MS, False),
        (SIGNED.replace("é".encode(), b"\\u00e9"), MS, False),
    ],
)
def test_retell_is_judged_as_its_own_library_judges_it(body, now_ms, is_good):
    assert by_retell(body, KEY, now_ms * 1000, MADE) is is_good
    assert retell.sign(SIGNED, KEY, MS * 1000) == MADE


def test_every_shared_vector_is_judged_alike():
    path = SHARED / "vectors/retell.json"
    if not path.exists():
        pytest.skip("samples/vectors is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    vectors = json.loads(path.read_text())["vectors"]
    assert len(vectors) == 8
    for vector in vectors:
        is_good = by_retell(
            vector["body"].encode(), vector["key"], vector["now_ms"] * 1000, vector["x-retell-signature"]
        )
        assert is_good is vector["sdk_verify"], vector["name"]


def test_every_shared_sample_carries_a_good_signature():
    if not (SHARED / "retell/headers.json").exists():
        pytest.skip("samples/retell is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    given_headers = json.loads((SHARED / "retell/headers.json").read_text())
    for name, headers in given_headers["headers"].items():
        body, header = (SHARED / "retell" / name).read_bytes(), headers["x-retell-signature"]
        at = int(header[2:].partition(",")[0]) * 1000
        assert by_retell(body, given_headers["key"], at + SECOND, header), name
        assert not by_retell(body + b" ", given_headers["key"], at + SECOND, header), name


GOOD = retell.sign(BODY, SECRET, NOW)
V, D = GOOD.split(",")


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            " ",
            "v=1,d=zz",
            V,
            D,
            f"{D},{V}",
            GOOD[:-1],
            GOOD + "0",
            GOOD.replace("v=", "v=0"),
            GOOD.replace("=", ""),
        ),
        *(f"{V}.0,{D}", f"v=-1,{D}", f"v={'9' * 400},{D}", f"v=١,{D}", "ü", "\x00", GOOD.replace("v", "V")),
        retell.sign(BODY, "another", NOW),
        retell.sign(BODY + b" ", SECRET, NOW),
        retell.sign(BODY, SECRET, NOW + 1000)[:16] + GOOD[16:],
    ],
)
def test_anything_changed_in_retells_signature_fails(header):
    assert not by_retell(header=header)


def test_retells_signature_holds_for_its_secret_its_body_and_five_minutes():
    assert by_retell()
    assert by_retell(header=GOOD.replace(D, "d=" + D[2:].upper()))
    assert not by_retell(secret="") and not by_retell(secret="", header=retell.sign(BODY, "", NOW))
    assert not by_retell(body=b"") and not by_retell(body=BODY + b"\n")
    assert by_retell(now=NOW + 299 * SECOND) and not by_retell(now=NOW + 301 * SECOND)
    assert not retell.verify(url=URL, headers={}, body=BODY, secret=SECRET, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"AUTHORIZATION": f"bearer  {SECRET} "},
        {"Authorization": SECRET},
        {"X-Vapi-Secret": SECRET},
        {"x-vapi-secret": SECRET, "Authorization": "Basic eDp5"},
        vapi.sign(BODY, SECRET, NOW),
    ],
)
def test_vapi_shows_its_secret_in_any_of_its_ways(headers):
    assert by_vapi(headers)
    assert not by_vapi(headers, secret="another") and not by_vapi(headers, secret="")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": f"Bearer {SECRET} {SECRET}"},
        {"X-Vapi-Secret": ""},
        {"X-Vapi-Secret": SECRET[:-1]},
        {"X-Vapi-Secret": "ü"},
        {"X-Other": SECRET},
    ],
)
def test_a_wrong_secret_fails(headers):
    assert not by_vapi(headers) and not by_vapi(headers, secret="")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("unit_us", [1000, SECOND])
def test_vapis_hmac_plan_holds_for_its_body_and_five_minutes(digest, unit_us):
    stamp = str(NOW // unit_us)
    made = signed(f"{stamp}.".encode() + BODY, SECRET, digest)
    for signature in (made.hex(), made.hex().upper(), b64encode(made).decode(), f"{digest}={made.hex()}"):
        headers = {"X-Signature": signature, "X-Timestamp": stamp}
        assert by_vapi(headers)
        assert not by_vapi(headers, body=BODY + b" ") and not by_vapi(headers, secret="another")
        assert not by_vapi(headers, now=NOW + 302 * SECOND) and not by_vapi(headers, now=NOW - 302 * SECOND)
        assert not by_vapi(headers | {"X-Timestamp": str(NOW // unit_us + 1)})
        assert not by_vapi(headers | {"X-Timestamp": ""}) and not by_vapi({"X-Signature": signature})


def test_vapis_timestamp_may_be_a_text():
    stamp = "2026-11-05T09:00:00Z"
    made = signed(f"{stamp}.".encode() + BODY, SECRET).hex()
    assert by_vapi({"X-Signature": made, "X-Timestamp": stamp})
    assert not by_vapi({"X-Signature": made, "X-Timestamp": stamp}, now=NOW + 301 * SECOND)


@given(header=st.text() | st.from_regex(r"v=\d{1,20},d=[0-9a-f]{60,66}"), secret=st.text(max_size=9), body=st.binary())
def test_odd_headers_are_only_ever_refused(header, secret, body):
    assert not retell.verify(url=URL, headers={"X-Retell-Signature": header}, body=body, secret=secret + "s", now=NOW)
    for name in ("Authorization", "X-Vapi-Secret", "X-Signature"):
        headers = {name: header, "X-Timestamp": header}
        is_it = secret + "s" in header
        assert is_it or not vapi.verify(url=URL, headers=headers, body=body, secret=secret + "s", now=NOW)
