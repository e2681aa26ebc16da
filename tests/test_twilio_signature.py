"""Twilio's signature, against its SDK's own results and against what must never pass."""

import json
import os
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import twilio
from sources.twilio_signature import FORM, SETTINGS, form_pairs, sign

SHARED = Path(os.environ.get("CALLBOARD_SHARED") or Path(__file__).parents[2] / "shared")
URL = "https://calls.example.com/webhooks/twilio/e1"
KEY = "an-invented-auth-token"
verify = partial(twilio.verify, now=0)  # whatever the time is
BODY = b"CallSid=CA1&CallerName=+Ada++&Text=a%0Bb%C3%BC&Empty="


def headers(signature: str, content_type: str = FORM, **more: str) -> dict[str, str]:
    return {"X-Twilio-Signature": signature, "Content-Type": content_type, **more}


def is_verified(url: str = URL, body: bytes = BODY, secret: str = KEY, signed: str | None = None, **more: str) -> bool:
    signature = sign(URL, BODY, KEY) if signed is None else signed
    return verify(url=url, headers=headers(signature, **more), body=body, secret=secret)


def shared(path: str):
    if not (SHARED / path).exists():
        pytest.skip(f"{path} is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    return json.loads((SHARED / path).read_text())


def test_every_vector_is_judged_as_twilios_sdk_judges_it():
    vectors = shared("samples/vectors/twilio.json")["vectors"]
    assert len(vectors) == 14
    for vector in vectors:
        given_headers = {"X-Twilio-Signature": vector["signature"]}
        if vector["content_type"]:
            given_headers["Content-Type"] = vector["content_type"]
        if vector["algorithm"] == "HMAC_SHA256":
            given_headers[SETTINGS] = "key=webhooks_sharedkey_sample,algorithm=HMAC_SHA256"
        is_good = verify(
            url=vector["url_given_to_validator"],
            headers=given_headers,
            body=vector["body"].encode(),
            secret=vector["key"],
        )
        assert is_good is vector["sdk_validate"], vector["name"]


@pytest.mark.parametrize("folder", ["twilio", "twilio-error"])
def test_every_sample_carries_a_good_signature(folder):
    signed = shared(f"samples/{folder}/headers.json")
    for name, given_headers in signed["headers"].items():
        body = (SHARED / "samples" / folder / name).read_bytes()
        assert verify(url=given_headers["url"], headers=given_headers, body=body, secret=signed["key"]), name
        assert not verify(url=given_headers["url"], headers=given_headers, body=body + b"&A=", secret=signed["key"])


def test_a_form_is_read_as_it_was_sent():
    assert form_pairs(b"A=z&&B=+2+&C&D=%00%FF%2B=") == [
        (b"A", b"z"),
        (b"B", b" 2 "),
        (b"C", b""),
        (b"D", b"\x00\xff+="),
    ]


def test_a_good_signature_passes_whatever_the_case_of_its_headers():
    assert is_verified()
    assert verify(
        url=URL,
        headers={"x-TWILIO-signature": sign(URL, BODY, KEY), "content-type": f"{FORM}; charset=UTF-8"},
        body=BODY,
        secret=KEY,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": URL + "/"},
        {"url": URL.replace("https", "http")},
        {"url": URL + "?a=b"},
        {"body": BODY + b"&X="},
        {"body": BODY.replace(b"+Ada++", b"Ada")},
        {"body": b""},
        {"secret": "another"},
        {"secret": ""},
        {"signed": ""},
        {"signed": "ü"},
        {"signed": sign(URL, BODY, KEY)[:-2]},
        {SETTINGS: "key=k,algorithm=HMAC_SHA256"},
        {SETTINGS: "key=k,algorithm=NONE"},
    ],
)
def test_anything_changed_fails(wrong):
    assert not is_verified(**wrong)


def test_an_empty_secret_signs_nothing():
    assert not is_verified(signed=sign(URL, BODY, ""), secret="")


def test_a_missing_signature_fails():
    assert not verify(url=URL, headers={"Content-Type": FORM}, body=BODY, secret=KEY)


@pytest.mark.parametrize(
    ("given_url", "signed_url"),
    [
        ("https://h.example.com/p?q=1", "https://h.example.com:443/p?q=1"),
        ("http://h.example.com/p", "http://h.example.com:80/p"),
        ("wss://h.example.com/p", "wss://h.example.com:443/p"),
        ("https://h.example.com:8443/p", "https://h.example.com/p"),
        ("https://h.example.com:8443/p", "https://h.example.com:8443/p"),
        ("https://[::1]:8443/p", "https://[::1]/p"),
        ("https://u:p@h.example.com:8443/p", "https://u:p@h.example.com/p"),
        ("https://u:p@h.example.com/p", "https://u:p@h.example.com:443/p"),
        ("https://h.example.com", "https://h.example.com:443"),
        ("https://h.example.com/p#rc=2&rp=all", "https://h.example.com/p"),
    ],
)
def test_the_port_may_be_signed_or_not_and_the_fragment_never_is(given_url, signed_url):
    assert verify(url=given_url, headers=headers(sign(signed_url, BODY, KEY)), body=BODY, secret=KEY)


def test_a_body_that_is_no_form_counts_only_with_its_hash_in_the_url():
    body = b'{"event":"sample"}'
    hashed = f"{URL}?bodySHA256={sha256(body).hexdigest()}"
    good = headers(sign(hashed, body, KEY, content_type="application/json"), "application/json")
    assert verify(url=hashed, headers=good, body=body, secret=KEY)
    assert not verify(url=hashed, headers=good, body=body + b" ", secret=KEY)
    bare = sign(URL, body, KEY, content_type="application/json")
    assert not verify(url=URL, headers=headers(bare, "application/json"), body=body, secret=KEY)
    assert not verify(url=URL, headers={"X-Twilio-Signature": bare}, body=BODY, secret=KEY)
    assert verify(url=URL, headers={"X-Twilio-Signature": bare}, body=b"", secret=KEY)


def test_a_shared_key_signs_with_sha256():
    signed = sign(URL, BODY, KEY, algorithm="HMAC_SHA256")
    assert is_verified(signed=signed, **{SETTINGS: "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"})
    assert not is_verified(signed=signed)


@given(url=st.text(), body=st.binary(), secret=st.text(), signature=st.text(), kind=st.text(), setting=st.text())
def test_verify_never_raises_and_never_says_yes_to_noise(url, body, secret, signature, kind, setting):
    for content_type in (kind, FORM):
        given_headers = headers(signature, content_type, **{SETTINGS: setting})
        assert verify(url=url, headers=given_headers, body=body, secret=secret) is False


@given(body=st.binary(), path=st.text(alphabet="abc/?&=%20:[]@"), secret=st.text(alphabet="abc", min_size=1))
def test_what_sign_signs_verify_verifies(body, path, secret):
    url = f"https://calls.example.com/{path}"
    assert verify(url=url, headers=headers(sign(url, body, secret)), body=body, secret=secret)


@pytest.mark.parametrize("odd", ["https://[", "https://[::1", "\ud800", "//", "https://h:99999999999/p"])
def test_an_odd_url_is_an_unsigned_one(odd):
    assert not verify(url=odd, headers=headers("x"), body=BODY, secret=KEY)
    assert not verify(url=odd, headers=headers("x", "text/plain"), body=BODY, secret=KEY)


def test_no_headers_at_all_fail_too():
    assert verify(url=URL, headers=None, body=BODY, secret=KEY) is False
