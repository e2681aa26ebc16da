"""Notes by REST: for keys and for pages, within the organisation, whatever is written; and in exported files."""

import json
import re

from audit_log import logged
from exported import csv_rows, srt_cues, vtt_cues
from hostile_texts import CONTENTS
from test_calls_api import refused
from visitor import Visitor

PATH = "/api/v1/calls/sid/CA1/notes"


async def write(house, path: str = PATH, *, key: str = "", **told) -> dict:
    answer = await house.fetch("POST", path, told, key=key)
    assert answer.code == 201, answer.body
    return json.loads(answer.body)


async def error(house, method: str, path: str, body, status: int, **options) -> dict:
    answer = await house.fetch(method, path, body, **options)
    assert answer.code == status, answer.body
    return json.loads(answer.body)["error"]


async def test_a_note_is_written_read_changed_and_removed(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello.", segment_start=5.5)
    note = await write(house, segment_id="s1", text=" Check\r\nit. ")
    assert note == {
        **{"id": 1, "segment_id": "s1", "at_seconds": 5.5, "text": "Check\nit.", "author": "ada@example.com"},
        **{"created_at": note["created_at"], "updated_at": note["created_at"], "is_mine": True},
    }
    mark = await write(house, "/api/v1/calls/1/notes", at_seconds=2)
    assert (mark["text"], mark["segment_id"]) == ("", None)
    assert await house.get(PATH) == [mark, note]
    house.clock.advance(5)
    answer = await house.fetch("PUT", f"{PATH}/1", {"text": "Checked."})
    changed = json.loads(answer.body)
    assert answer.code == 200 and changed["updated_at"] > changed["created_at"]
    assert await house.get(PATH) == [mark, note | {"text": "Checked.", "updated_at": changed["updated_at"]}]
    assert (await house.fetch("DELETE", f"{PATH}/1")).code == 204
    assert await house.get("/api/v1/calls/1/notes") == [mark]
    await error(house, "DELETE", f"{PATH}/1", None, 404)
    deeds = [(one.action, one.target, one.detail) for one in await logged(house)]
    assert deeds == [
        ("note.added", "CA1", {"note": 1}),
        ("note.added", "CA1", {"note": mark["id"]}),
        ("note.changed", "CA1", {"note": 1}),
        ("note.removed", "CA1", {"note": 1}),
    ]


async def test_what_is_wrong_is_refused_by_its_field(house):
    await house.say("CA1", "s1", "Hello.")
    wrong = {
        "text": ["x" * 2001, "a\x00b", 1],
        "segment_id": ["", "x" * 129, "a\nb", 5],
        "at_seconds": [-1, 400_000, "5"],
    }
    for field, values in wrong.items():
        for value in values:
            assert (await error(house, "POST", PATH, {field: value}, 422))["field"] == field, value
    assert (await error(house, "POST", PATH, '{"text":"\\ud83d"}', 422))["field"] == "text"
    assert (await error(house, "POST", PATH, "x", 400))["code"] == "invalid_json"
    assert (await error(house, "POST", PATH, '"' + "x" * 40_000 + '"', 413))["code"] == "body_too_large"
    await write(house, text="x" * 2000)
    assert (await error(house, "PUT", f"{PATH}/1", {}, 422))["field"] == "text"
    await refused(house, "/api/v1/calls/sid/CA2/notes", 404)
    assert len(await house.get(PATH)) == 1


async def test_a_key_is_no_administrator_without_the_scope(house):
    await house.say("CA1", "s1", "Hello.")
    sue = await house.user("sue@example.com", house.organization_id, "supervisor")
    hers = await house.make_key("read", "ingest", user_id=sue)
    await write(house, text="Ada's")
    for key in (await house.make_key("read"), await house.make_key("read", user_id=sue)):
        assert (await error(house, "POST", PATH, {}, 403, key=key))["code"] == "missing_scope"
    await write(house, key=hers, text="Sue's")
    for method, body in (("PUT", {"text": ""}), ("DELETE", None)):
        assert (await error(house, method, f"{PATH}/1", body, 403, key=hers))["code"] == "not_the_author"
        mere = await house.make_key("ingest")  # of an administrator
        assert (await error(house, method, f"{PATH}/2", body, 403, key=mere))["code"] == "not_the_author"
    assert [note["is_mine"] for note in json.loads((await house.fetch("GET", PATH, key=hers)).body)] == [False, True]
    assert (await house.fetch("DELETE", f"{PATH}/2")).code == 204


async def test_another_organisation_finds_nothing_and_changes_nothing(house):
    await house.say("CA1", "s1", "Hello.")
    await write(house, text="Ours")
    theirs = await house.organization("Other")
    key = await house.make_key("read", "ingest", "admin", user_id=await house.user("bea@other.example", theirs))
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1"}, key=key)
    assert json.loads((await house.fetch("GET", PATH, key=key)).body) == []
    for method, body in (("PUT", {"text": ""}), ("DELETE", None)):
        for path in (f"{PATH}/1", "/api/v1/calls/1/notes/1"):
            assert (await error(house, method, path, body, 404, key=key))["code"] == "not_found"
    assert [note["text"] for note in await house.get(PATH)] == ["Ours"]


async def test_the_forms_of_the_page_do_it_without_javascript(house):
    await house.say("a:1", "s1", "Hello.", segment_start=1.0)
    await house.user("sue@example.com", house.organization_id, "supervisor")
    ada, sue = await Visitor(house).sign_in(), await Visitor(house).sign_in("sue@example.com")
    answer = await sue.post("/calls/a:1/notes", text="Two\r\nlines <b>", moment="1:01:05")
    assert (answer.code, answer.location) == (303, "/calls/a:1#note-1")
    assert (await sue.post("/calls/a:1/notes", text="x", moment="soon")).code == 422
    assert (await sue.post("/calls/a:1/notes", text="x" * 2001)).code == 422
    assert (await sue.post("/calls/a:1/notes", xsrf=False, text="x")).code == 403
    await write(house, "/api/v1/calls/sid/a:1/notes", segment_id="s1")
    page = (await sue.get("/calls/a:1")).page
    texts = [element.text for element in page.all("p", **{"class": "note-text"}) if element.text]
    assert texts == ["Mark", "Two lines <b>"]
    assert [element.text for element in page.all("p", **{"class": "segment-notes"})] == ["Mark"]
    forms = [form.attributes["action"] for form in page.all("form") if "/notes" in form.attributes.get("action", "")]
    assert forms[:2] == ["/calls/a%3A1/notes/1", "/calls/a%3A1/notes"], "to change her own only"
    assert (await sue.post("/calls/a:1/notes/2", text="Not hers")).code == 403
    assert (await sue.post("/calls/a:1/notes/1", text="Changed")).location == "/calls/a:1#note-1"
    assert (await ada.post("/calls/a:1/notes/1", do="remove")).location == "/calls/a:1#notes"
    (note,) = await house.get("/api/v1/calls/sid/a:1/notes")
    assert note["segment_id"] == "s1"


async def test_files_have_the_notes_on_request_in_order_of_time_whatever_is_written(either_house):
    house = either_house
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "started_at": "2026-01-19T12:00:00Z"})
    for n, text in enumerate(("First.", "Second.", "Third.")):
        speaker = "assistant" if n == 1 else "user"
        await house.say("CA1", f"s{n}", text, speaker=speaker, segment_start=10.0 * n, segment_end=10 * n + 5)
    hostile = [text[:2000] for text in CONTENTS.values()] + [
        "=1+1",
        "-->",
        "\n\nWEBVTT\n\n1\n00:00.000 --> 00:01.000\nx",
    ]
    await write(house, segment_id="s1", text="On the second")
    await write(house, at_seconds=0)
    for text in hostile:
        await write(house, at_seconds=12, text=text)
    await write(house, segment_id="unknown", at_seconds=25, text="After all")

    async def export(format_: str, more: str = "&notes=1") -> str:
        answer = await house.fetch("GET", f"/api/v1/calls/1/transcripts/export?format={format_}{more}")
        assert answer.code == 200, answer.body
        return answer.body.decode()

    said = ["First.", "Second.", "Third."]
    for more in ("", "&notes=0", "&notes=1"):
        assert [words for *_, words in vtt_cues(await export("vtt", more))] == said
        assert [words.partition(": ")[2] for *_, words in srt_cues(await export("srt", more))] == said
    assert await export("srt") == await export("srt", "")
    blocks = [block for block in (await export("vtt")).split("\n\n") if re.match("NOTE [0-9:]+ (Note|Mark) by", block)]
    assert len(blocks) == len(hostile) + 3 and blocks[0] == "NOTE 0:00 Mark by ada@example.com"
    assert not [block for block in blocks if "-->" in block or "\n" in block]
    lines = (await export("txt")).partition("\n\n")[2].splitlines()
    assert len(lines) == len(hostile) + 6
    assert lines[:4] == [
        *("[0:00] Customer: First.", "[0:00] Mark by ada@example.com", "[0:10] Front desk: Second."),
        "[0:10] Note by ada@example.com: On the second",
    ]
    assert lines[-2:] == ["[0:20] Customer: Third.", "[0:25] Note by ada@example.com: After all"]
    rows = csv_rows((await export("csv")).encode())
    kinds = [row["speaker"] for row in rows]
    assert kinds == ["user", "mark", "assistant", "note", *["note"] * len(hostile), "user", "note"]
    assert not [row for row in rows if re.match(r"[=+\-@\t\r]", row["content"])]
    assert {row["name"] for row in rows if row["speaker"] in ("note", "mark")} == {"ada@example.com"}
    told = json.loads(await export("json"))
    assert [note["text"] for note in told["notes"]] == [
        *("", "On the second"),
        *(text.replace("\r\n", "\n").strip() for text in hostile),
        "After all",
    ]
    assert [one["content"] for one in told["transcripts"]] == said
    assert "notes" not in json.loads(await export("json", ""))
    only = (await export("txt", "&notes=1&speaker=assistant")).partition("\n\n")[2].splitlines()
    assert only[:2] == ["[0:00] Mark by ada@example.com", "[0:10] Front desk: Second."]
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA2"})
    empty = await house.fetch("GET", "/api/v1/calls/2/transcripts/export?format=json&notes=1")
    assert (json.loads(empty.body)["notes"], json.loads(empty.body)["transcripts"]) == ([], [])
    assert (await refused(house, "/api/v1/calls/1/transcripts/export?notes=2", 400))["field"] == "notes"
