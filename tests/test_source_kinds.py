"""Each kind of source as people meet it: its page, its settings, its test call, its page in docs/sources."""

import json
import re
import sys
from pathlib import Path

import pytest

from events import CALL_SID, Refused, Transcript
from handlers.source_kinds import SOURCE_KINDS, config_of, settings_of
from handlers.trial_calls import TRIALS
from provider_line import SECRETS
from sources import KINDS
from test_sources_page import SECRET, WORDS, health, make_source, played
from visitor import Visitor

HOME = Path(__file__).parent.parent
SECRETS = SECRETS | {"twilio": SECRET}


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


def docs_page(kind: str) -> str:
    return (HOME / "docs" / "sources" / f"{kind}.md").read_text()


def test_every_adapter_is_shown_and_every_setting_has_words():
    assert list(SOURCE_KINDS) == list(KINDS)
    for kind, told in SOURCE_KINDS.items():
        assert set(told.settings) == set(KINDS[kind].Config.__struct_fields__), kind
        assert (HOME / "templates" / "settings" / f"source_{kind}.html").is_file()
        assert (kind in TRIALS) != bool(told.untested), "a test call, or the reason why there is none"
        assert bool(told.account) == bool(told.account_from)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_page_in_the_docs_that_is_true(kind):
    page, told = docs_page(kind), SOURCE_KINDS[kind]
    assert f"/webhooks/{kind}/…" + (f"?{told.query}" if told.query else "") in page
    assert f"**{told.secret}**" in page and f"source create {kind} " in page
    assert (f"**{told.account}**" in page) == (told.account is not None)
    assert ("Send a test call" in page) == (kind in TRIALS)
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    settings = settings_of(kind)
    assert [name for name, _, _ in rows] == [setting.name for setting in settings]
    for setting, (_, values, meaning) in zip(settings, rows, strict=True):
        assert values == ", ".join(f"`{value}`" for value, _ in setting.choices)
        assert f"at first `{setting.value}`" in meaning or "as at first" in meaning
    assert f"docs/sources/{kind}.md" in (HOME / "README.md").read_text()


def test_pynacl_is_what_the_extra_telnyx_installs():
    assert 'telnyx = ["pynacl' in (HOME / "pyproject.toml").read_text()
    assert (SOURCE_KINDS["telnyx"].library, SOURCE_KINDS["telnyx"].package) == ("nacl", "pynacl")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_page_of_a_source_says_what_to_tell_its_provider(house, admin, kind):
    path, address = await make_source(admin, kind=kind, secret=SECRETS[kind])
    page, told = (await admin.get(path)).page, SOURCE_KINDS[kind]
    assert address.startswith(f"{house.url}/webhooks/{kind}/") and page.all("button", data_copy=address)
    url = address.removesuffix(f"?{told.query}")
    assert page.all("button", data_copy=told.paste(url))
    assert page.part("fares") == "Waiting for the first event"
    assert f"{told.name} cannot reach this address yet" in page.text
    for setting in settings_of(kind):
        assert page.part(f"setting-{setting.name}") == setting.words
    assert SECRETS[kind] not in page.text and not page.all(value=SECRETS[kind])


@pytest.mark.parametrize("kind", KINDS)
async def test_the_form_for_a_source_names_what_each_provider_calls_its_secret(admin, kind):
    await admin.sign_in()
    page = (await admin.get(f"/settings/sources?kind={kind}")).page
    told = SOURCE_KINDS[kind]
    assert [e.attributes["value"] for e in page.all("option") if "selected" in e.attributes] == [kind]
    (label,) = page.all("label", for_="field-secret") or page.all("label", **{"for": "field-secret"})
    assert label.text == told.secret and told.secret_from in page.text
    (known,) = page.all("template", data_kind=kind)
    assert known.attributes["data-secret"] == told.secret and known.attributes["data-account"] == (told.account or "")
    assert (await admin.get("/settings/sources?kind=carrier-pigeon")).code == 200


@pytest.mark.parametrize("kind", TRIALS)
def test_a_test_call_is_what_the_provider_would_have_sent(kind):
    adapter, trial, state, events, now = KINDS[kind], TRIALS[kind], None, [], 1_770_000_000_000_000
    for step in trial.trial_call("test-1", None, now):
        url = f"https://calls.example.com/webhooks/{kind}/x?{step.query}"
        headers = trial.headers(url, step.body, "s3cret", now + step.after_us)
        assert adapter.verify(url=url, headers=headers, body=step.body, secret="s3cret", now=now + step.after_us)
        assert not adapter.verify(url=url, headers=headers, body=step.body, secret="other", now=now + step.after_us)
        query = dict(part.split("=") for part in step.query.split("&") if part)
        payload = adapter.decode(step.body, headers["Content-Type"], query)
        assert CALL_SID.match(payload.call_sid)
        heard, state = adapter.normalise(payload, state, adapter.Config())
        events += heard
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    assert [(final.speaker, final.content) for final in finals] == WORDS
    assert all(final.segment_start < final.segment_end for final in finals)


@pytest.mark.parametrize("kind", TRIALS)
async def test_a_test_call_goes_the_whole_way_to_the_page_of_the_call(house, admin, kind):
    path, _ = await make_source(admin, kind=kind, secret=SECRETS[kind])
    page = await admin.submit(path + "/test-call")
    (link,) = [e.attributes["href"] for e in page.all("a") if e.text == "Read along"]
    assert page.part("fares").startswith("Last event ")
    await played(house, 1)
    call = (await admin.get(link)).page
    assert [e.text for e in call.all("p", class_="segment-words") if e.text] == [words for _, words in WORDS]
    stored = await house.get(f"/api/v1/calls/sid/{link.rpartition('/')[2]}")
    assert (stored["status"], stored["telephony_provider"]) == ("completed", kind)
    assert (await health(admin, path))["rejections"] == []


async def test_telnyx_has_no_test_call_and_its_page_says_why(house, admin):
    path, _ = await make_source(admin, kind="telnyx", secret=SECRETS["telnyx"])
    page = (await admin.get(path)).page
    assert "There is no test call here: Telnyx signs with a private key" in page.text
    assert not page.all("form", action=path + "/test-call")
    failed = await admin.submit(path + "/test-call")
    assert "The test call was not taken. Only Telnyx can sign for this source." in failed.text


async def test_a_missing_library_is_told_before_the_first_event(house, admin, monkeypatch):
    path, _ = await make_source(admin, kind="telnyx", secret=SECRETS["telnyx"])
    assert "pynacl" not in (await admin.get(path)).page.text
    monkeypatch.setitem(sys.modules, "nacl", None)
    page = (await admin.get(path)).page
    assert "Telnyx's signatures cannot be checked yet" in page.text and "install pynacl" in page.text


async def test_settings_are_set_beside_the_credentials_and_count_at_once(house, admin):
    path, _ = await make_source(admin, kind="telnyx", secret=SECRETS["telnyx"])
    form = (await admin.get(path + "/credentials")).page
    assert len(form.all("select")) == len(settings_of("telnyx"))
    changed = {"set_inbound": "assistant", "set_call_id": "call_session_id"}
    page = await admin.submit(path + "/credentials", secret="", account="", **changed)
    assert page.part("setting-inbound") == "Assistant" and "call_session_id" in page.part("setting-call_id")
    assert page.part("setting-outbound") == "Assistant", "what the form lacks stays"
    chosen = [e.attributes["value"] for e in (await admin.get(path + "/credentials")).page.all("option", selected=None)]
    assert "call_session_id" in chosen
    entry = (await house.get("/api/v1/audit"))["items"][0]
    assert (entry["action"], entry["detail"]["settings"]["inbound"]) == ("source.credentials_changed", "assistant")
    again = await admin.submit(path + "/credentials", secret="", account="12345")
    assert again.part("setting-inbound") == "Assistant"


async def test_a_setting_that_cannot_be_is_refused_beside_its_field(house, admin):
    path, _ = await make_source(admin, kind="telnyx", secret=SECRETS["telnyx"])
    answer = await admin.post(path + "/credentials", secret="", account="", set_inbound="the neighbour")
    assert answer.code == 422
    assert answer.page.errors == {"set_inbound": "inbound: must be one of user, assistant."}
    assert answer.page.focused == ["set_inbound"]
    assert (await admin.get(path)).page.part("setting-inbound") == "User"


async def test_an_account_is_refused_where_the_provider_tells_none(house, admin):
    await admin.sign_in()
    fields = {"kind": "retell", "assistant": "1", "secret": "key_x", "account": "acme"}
    answer = await admin.post("/settings/sources", **fields)
    assert answer.code == 422 and list(answer.page.errors) == ["account"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_signature_is_explained_as_this_kind_has_it(house, admin, kind):
    path, address = await make_source(admin, kind=kind, secret=SECRETS[kind])
    answer = await house.fetch("POST", address.removeprefix(house.url), b"{}", key=None)
    assert answer.code == 403
    (refusal,) = (await health(admin, path))["rejections"]
    assert refusal["reason"] == f"The signature does not fit. {SOURCE_KINDS[kind].mismatch}"


def test_a_config_is_read_as_typed_and_checked_by_the_adapter():
    assert json.loads(config_of("telnyx", {"inbound": "assistant"}))["inbound"] == "assistant"
    kept = config_of("deepgram", {"channel_1": "user"}, config_of("deepgram", {"channel_0": "assistant"}))
    assert [setting.value for setting in settings_of("deepgram", kept)][:2] == ["assistant", "user"]
    for kind, given, field in (
        ("twilio", {"inbound_track": "nobody"}, "inbound_track"),
        ("twilio", {"colour": "red"}, "colour"),
        ("vapi", {"colour": "red"}, "colour"),
        ("deepgram", {"channel_0": ""}, "channel_0"),
    ):
        with pytest.raises(Refused) as caught:
            config_of(kind, given)
        assert (caught.value.code, caught.value.field) == ("invalid_field", field)
