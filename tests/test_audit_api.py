"""The audit log as administrators get it: by REST, and as a page."""

import pytest

from audit_log import entry, logged
from models import audit
from models.audit import by_command_line
from visitor import Visitor

AT = 1_770_000_000_000_000  # 2026-02-02T02:40:00Z
DAY = 86_400_000_000


async def fill(house, many: int = 5) -> None:
    """Entries 1 … many of ada's, one a day; then one of the command line, and one of another organisation."""
    numbered = [
        entry(house.organization_id, AT + n * DAY, actor="ada@example.com", target=f"CA{n}", address="192.0.2.7")
        for n in range(1, many + 1)
    ]
    by_hand = by_command_line(AT + 99 * DAY, house.organization_id, "key.revoked", "cb_12345678", name="crm")
    theirs = entry(await house.organization("Other"), AT, actor="eve@example.com", target="CA1")
    await house.store.write(audit.add, [*numbered, by_hand, theirs])


async def targets(house, query: str = "") -> list[str]:
    return [item["target"] for item in (await house.get("/api/v1/audit" + query))["items"]]


async def test_items_are_newest_first_and_of_the_keys_organisation_only(either_house):
    await fill(either_house)
    answer = await either_house.get("/api/v1/audit")
    assert (answer["total"], answer["skip"], answer["limit"], len(answer["items"])) == (6, 0, 100, 6)
    assert answer["items"][0] == {
        "id": 6,
        "at": "2026-05-12T02:40:00.000+00:00",
        "action": "key.revoked",
        "user": "command line",
        "key": None,
        "address": None,
        "target": "cb_12345678",
        "detail": {"name": "crm"},
    }
    assert [item["id"] for item in answer["items"]] == [6, 5, 4, 3, 2, 1]
    assert {item["user"] for item in answer["items"]} == {"ada@example.com", "command line"}


async def test_pages_go_by_number_or_on_from_an_id(house):
    await fill(house)
    assert await targets(house, "?limit=2") == ["cb_12345678", "CA5"]
    assert await targets(house, "?limit=2&skip=2") == ["CA4", "CA3"]
    assert await targets(house, "?limit=2&before=3") == ["CA2", "CA1"]
    assert await targets(house, "?before=1") == []
    answer = await house.get("/api/v1/audit?limit=1&before=3")
    assert answer["total"] == 6, "of all that the filters ask for"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?action=key.revoked", ["cb_12345678"]),
        ("?user=ADA@example.com&limit=2", ["CA5", "CA4"]),
        ("?user=command line", ["cb_12345678"]),
        ("?target=CA3", ["CA3"]),
        ("?date_from=2026-02-06&date_to=2026-02-06", ["CA4"]),
        ("?date_to=2026-02-03T02:40:00Z", ["CA1"]),
        ("?user=eve@example.com", []),
        ("?action=signed_in", []),
    ],
)
async def test_filters_narrow_the_log(house, query, expected):
    await fill(house)
    assert await targets(house, query.replace(" ", "%20")) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [("?limit=0", "limit"), ("?skip=10001", "skip"), ("?before=x", "before"), ("?date_from=soon", "date_from")],
)
async def test_a_wrong_parameter_is_named(house, query, field):
    answer = await house.fetch("GET", "/api/v1/audit" + query)
    assert answer.code == 400 and f'"field":"{field}"'.encode() in answer.body


async def test_the_log_needs_a_key_of_an_administrator(house):
    for scopes in (("read",), ("ingest",)):
        answer = await house.fetch("GET", "/api/v1/audit", key=await house.make_key(*scopes))
        assert answer.code == 403 and b"missing_scope" in answer.body
    assert (await house.fetch("GET", "/api/v1/audit", key=None)).code == 401


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def sentences(visitor: Visitor, query: str = "") -> list[str]:
    page = (await visitor.get("/settings/audit" + query)).page
    return [element.text for element in page.all("span", class_="audit-sentence")]


async def test_the_page_says_who_did_what(house):
    ada = await Visitor(house).sign_in()
    await fill(house, 1)
    await logged(house)
    answer = await ada.get("/settings/audit")
    assert answer.code == 200
    assert await sentences(ada) == [
        "The command line revoked the key cb_12345678",
        "ada@example.com watched call CA1",
        "ada@example.com signed in",
    ]
    (link,) = answer.page.all("a", class_="audit-target")
    assert link.attributes["href"] == "/calls/CA1"
    assert "name: crm" in answer.page.text and "192.0.2.7" in answer.page.text and "this server" in answer.page.text
    assert answer.page.all("a", href="/settings/audit", aria_current="page")


async def test_the_page_filters_and_goes_on_to_older_ones(house):
    ada = await Visitor(house).sign_in()
    await fill(house, 120)
    query, shown = "?user=ada%40example.com&action=call.watched&date_to=2030-01-01", []
    while query is not None:
        page = (await ada.get("/settings/audit" + query)).page
        shown += [element.text.split()[-1] for element in page.all("span", class_="audit-sentence")]
        older = [link for link in page.all("a", class_="button") if link.text == "Older"]
        query = older[0].attributes["href"].removeprefix("/settings/audit") if older else None
    assert shown == [f"CA{n}" for n in range(120, 0, -1)]
    assert page.all("option", value="call.watched")[0].attributes.keys() >= {"selected"}
    assert page.all("input", name="user")[0].attributes["value"] == "ada@example.com"
    assert [link.text for link in page.all("a", class_="button")] == ["Show all", "Newest"]
    assert await sentences(ada, "?before=none&target=CA7") == ["ada@example.com watched call CA7"]


async def test_the_page_says_when_there_is_nothing_and_what_is_wrong(house):
    ada = await Visitor(house).sign_in()
    assert "Nothing fits" in (await ada.get("/settings/audit?target=CA9")).page.text
    answer = await ada.get("/settings/audit?date_from=soon")
    assert answer.code == 422 and answer.page.errors == {"date_from": "A day looks like 2026-01-19."}
    assert (await ada.get("/settings/audit?user=%00")).code == 400


async def test_what_others_typed_is_text_in_the_page(house):
    ada = await Visitor(house).sign_in()
    name = "<b onclick=x>&amp;"
    await ada.post("/settings/assistants", name=name)
    assert (await sentences(ada))[0] == f"ada@example.com created the assistant {name}"
    unknown = entry(house.organization_id, action="future.deed", actor="ada@example.com", target="CA1")
    await house.store.write(audit.add, [unknown])
    assert (await sentences(ada))[0] == "ada@example.com future.deed CA1"
