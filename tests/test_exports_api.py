"""A call's file by REST and from its page: of real calls, while they go on and afterwards, piece by piece."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from audit_log import logged
from bench.memory import Served, serving
from exported import csv_rows, srt_cues, vtt_cues
from exports import FORMATS
from exports.subrip import JOINER
from hostile_texts import CONTENTS
from house import Furniture, House
from test_calls_api import refused
from test_harper_valley import Recording
from visitor import Visitor

PATH = "/api/v1/calls/sid/CA1/transcripts"
TYPES = {"txt": "text/plain", "json": "application/json", "csv": "text/csv", "srt": "application/x-subrip"}


async def export(house, format_: str, path: str = PATH, query: str = "", **options) -> str:
    answer = await house.fetch("GET", f"{path}/export?format={format_}{query}", **options)
    assert answer.code == 200, answer.body
    kind = TYPES.get(format_, "text/vtt")
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="call-')
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    return answer.body.decode()


async def say_many(house, said: list[dict], call_sid: str = "CA1") -> None:
    for at in range(0, len(said), 500):
        body = {"transcripts": said[at : at + 500]}
        answer = await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/transcripts", body)
        assert answer.code == 201, answer.body


async def test_corrected_segments_in_speaking_order_during_the_call_and_after_it(either_house):
    house = either_house
    about = {"call_sid": "CA1", "started_at": "2026-01-19T12:00:00Z", "direction": "inbound"}
    await house.fetch("POST", "/api/v1/calls", about | {"from_number": "+15550123"})
    await house.say("CA1", "u-1", "Is my bake ready?", segment_start=2.5, segment_end=4.0)
    await house.say("CA1", "a-1", "Hello!", segment_start=0.5, segment_end=1.0, speaker="assistant")
    await house.say("CA1", "u-1", "Is my bike ready?")  # without times: it has them
    await house.say("CA1", "u-2", "Never said.", segment_start=5, segment_end=6)
    await house.say("CA1", "u-2", "")
    await house.say("CA1", "a-2", "It is", segment_start=4.5, is_final=False, speaker="assistant")
    for ends in (False, True):
        if ends:
            await house.end("CA1", duration=61)
        assert vtt_cues(await export(house, "vtt")) == [
            (0.5, 1.0, "Front desk", "Hello!"),
            (2.5, 4.0, "Customer", "Is my bike ready?"),
        ]
        assert srt_cues(await export(house, "srt"))[1] == (2.5, 4.0, "Customer: Is my bike ready?")
        text = await export(house, "txt")
        assert text.endswith("\n\n[0:00] Front desk: Hello!\n[0:02] Customer: Is my bike ready?\n")
        assert ("Status: completed\n" in text, "Duration: 1:01\n" in text) == (ends, ends)
        whole = json.loads(await export(house, "json"))
        assert [one["seq"] for one in whole["transcripts"]] == [2, 3]
        assert whole["call"]["duration"] == 61 or not ends
        (row,) = csv_rows(await export(house, "csv", query="&speaker=user"))
        assert (row["segment_start"], row["content"], row["seq"]) == ("2.500", "Is my bike ready?", "3")


async def test_by_number_by_sid_by_alias_and_from_the_page_the_file_is_the_same(house):
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "a:1", "alias": "VA1"})
    await house.say("a:1", "s", "Hello.", segment_start=1, segment_end=2)
    visitor = await Visitor(house).sign_in()
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    for format_ in FORMATS:
        found = [
            await export(house, format_, f"/api/v1/calls/{id_}/transcripts") for id_ in ("1", "sid/a:1", "sid/VA1")
        ]
        found += [await export(house, format_, f"/calls/{id_}", key=None, headers=cookies) for id_ in ("a:1", "VA1")]
        assert len({re.sub(r'(?m)^Exported: .*|"exported_at":"[^"]+"', "", text) for text in found}) == 1
    answer = await house.fetch("GET", "/api/v1/calls/1/transcripts/export?speaker=user")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="call-a_1-user.txt"'
    log = [(one.action, one.target, one.detail) for one in await logged(house) if one.action != "signed_in"]
    assert {(action, target) for action, target, _ in log} == {("call.exported", "a:1")}
    assert {detail["format"] for *_, detail in log} == set(FORMATS)


async def test_the_page_of_a_call_offers_each_format_and_only_the_signed_in_get_them(house):
    await house.say("a:1", "s", "Hello.")
    visitor = await Visitor(house).sign_in()
    page = (await visitor.get("/calls/a:1")).page
    (form,) = page.all("form", action="/calls/a%3A1/export")
    assert form.attributes["method"] == "get"
    formats = [button.attributes["value"] for button in page.all("button", name="format")]
    assert formats == list(FORMATS)
    assert page.all("input", name="notes", value="1")
    for link in (f"/calls/a%3A1/export?format={format_}&notes=1" for format_ in formats):
        assert (await visitor.get(link)).code == 200
        assert (await Visitor(house).get(link)).location.startswith("/sign-in?next=")
    assert (await visitor.get("/calls/unknown/export?format=txt")).code == 404
    assert (await visitor.get("/calls/a:1/export?format=pdf")).code == 400


async def test_what_is_asked_wrongly_is_refused_by_its_field(house):
    await house.say("CA1", "s", "Hello.")
    for query, field in {"format=pdf": "format", "format=null": "format", "speaker=agent": "speaker"}.items():
        assert (await refused(house, f"{PATH}/export?{query}", 400))["field"] == field
    await refused(house, "/api/v1/calls/sid/CA2/transcripts/export", 404)
    assert (await house.fetch("GET", f"{PATH}/export")).body.decode().endswith("Customer: Hello.\n")


async def test_whatever_was_said_every_file_can_be_read(either_house):
    said = [
        {"segment_id": f"s{n}", "speaker": "user", "content": text, "segment_start": n, "segment_end": n + 1}
        for n, text in enumerate(CONTENTS.values())
    ]
    await say_many(either_house, said)
    assert len(vtt_cues(await export(either_house, "vtt"))) == len(said)
    assert len(srt_cues(await export(either_house, "srt"))) == len(said)
    assert len(csv_rows(await export(either_house, "csv"))) == len(said)
    assert len((await export(either_house, "txt")).partition("\n\n")[2].splitlines()) == len(said)
    found = json.loads(await export(either_house, "json"))["transcripts"]
    assert [one["content"] for one in found] == list(CONTENTS.values())


async def test_the_files_of_28_recorded_calls_hold_every_word_at_its_time(house, shared):
    paths = sorted((shared / "data" / "harper-valley").glob("*.jsonl"))
    assert len(paths) == 28
    for path in paths:
        recording = Recording(path)
        await say_many(house, list(recording.finals.values()), recording.call_sid)
        finals = sorted(recording.finals.values(), key=lambda said: said["segment_start"])
        expected = [(round(one["segment_start"], 3), " ".join(one["content"].split())) for one in finals]
        where = f"/api/v1/calls/sid/{recording.call_sid}/transcripts"
        vtt = vtt_cues(await export(house, "vtt", where))
        assert [(start, " ".join(words.split())) for start, _, _, words in vtt] == expected
        srt = srt_cues((await export(house, "srt", where)).replace(JOINER, ""))
        assert [(start, " ".join(words.partition(": ")[2].split())) for start, _, words in srt] == expected
        rows = csv_rows(await export(house, "csv", where))
        assert [(float(row["segment_start"]), row["speaker"]) for row in rows] == [
            (round(one["segment_start"], 3), one["speaker"]) for one in finals
        ]


async def slow_reader(house_url: str, key: str, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Who has asked for a file, and reads none of it but what its kernel takes."""
    host, _, port = urlsplit(house_url).netloc.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=4096)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    return reader, writer


class Remote(House):
    """A server in a process of its own, with what `fetch` needs."""

    def __init__(self, served: Served):
        self.url, self.furniture = served.url, Furniture(key=served.key)


LONG = [{"segment_id": f"s{n}", "speaker": "user", "content": f"{n} " + "words " * 1300} for n in range(5000)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process as Linux tells it")
async def test_a_long_call_is_never_held_whole_whether_or_not_it_is_read():
    """5,000 segments, 39 MB: the server's memory grows by some pages of 200."""
    with serving() as served:
        bare = Remote(served)
        for at in range(0, len(LONG), 250):
            await say_many(bare, LONG[at : at + 250])
        await export(bare, "txt", query="&speaker=assistant")
        before = served.resident_kib
        readers = [await slow_reader(served.url, served.key, f"{PATH}/export?format=csv") for _ in range(3)]
        for reader, _ in readers:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        rows = csv_rows(await export(bare, "csv"))
        grown = served.most_resident_kib - before
        for _, writer in readers:
            writer.close()
    print(f"{grown} KiB more")
    assert len(rows) == 5000 and rows[4999]["content"].startswith("4999 words")
    assert grown < 40_000


@pytest.mark.parametrize("query", ["/export?format=txt", "", "?after=0"])
async def test_half_a_transcript_does_not_pass_for_a_whole_one(house, query):
    await say_many(house, [said | {"content": "word " * 400} for said in LONG[:2000]])
    reads = 0

    def broken(execute):
        def execute_sql(sql, params=None):
            nonlocal reads
            reads += "FROM entry WHERE call_id = ? AND seq" in sql
            if reads == 3:
                raise ArithmeticError("planted")
            return execute(sql, params)

        return execute_sql

    house.store._reading.execute_sql = broken(house.store._reading.execute_sql)
    try:
        reader, writer = await slow_reader(house.url, house.key, PATH + query)
        whole = await reader.read(-1)
    finally:
        del house.store._reading.execute_sql
    writer.close()
    assert whole.startswith(b"HTTP/1.1 200") and b"\r\nTransfer-Encoding: chunked\r\n" in whole
    assert not whole.endswith(b"0\r\n\r\n"), "a client knows that the end is missing"
    assert len(await export(house, "txt")) > 4_000_000
