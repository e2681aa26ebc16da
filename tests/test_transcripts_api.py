"""Transcripts by REST: reading them in speaking order or as the log, and posting them one by one or in batches."""

import json

from events import CONTENT_BYTES
from test_calls_api import refused

TRANSCRIPT = {
    "id": int,
    "call_id": int,
    "seq": int,
    "segment_id": str,
    "revision": int,
    "speaker": str,
    "content": str,
    "timestamp": str,
    "is_final": bool,
    "confidence": float,
    "language": str,
    "segment_start": float,
    "segment_end": float,
    "created_at": str,
}
PATH = "/api/v1/calls/sid/CA1/transcripts"


def item(segment_id: str | None = None, content: str = "words", **more) -> dict:
    named = {"segment_id": segment_id} if segment_id else {}
    return {"content": content, "speaker": "user"} | named | more


async def post(house, body, path: str = PATH, **options) -> tuple[int, dict]:
    answer = await house.fetch("POST", path, body, **options)
    return answer.code, json.loads(answer.body)


async def seqs(house, query: str = "") -> list[int]:
    return [entry["seq"] for entry in await house.get(PATH + query)]


async def test_a_transcript_has_every_field_of_the_contract(either_house):
    house = either_house
    given = item("s1", "Grüße", confidence=1, language="de", segment_start=0, segment_end=2.5, revision=3)
    await post(house, given | {"created_at": "2026-01-19T12:00:05.123+01:00"})
    (entry,) = await house.get(PATH)
    assert {name: type(value) for name, value in entry.items()} == TRANSCRIPT
    assert given.items() <= entry.items()
    assert (entry["seq"], entry["is_final"], entry["created_at"]) == (1, True, "2026-01-19T11:00:05.123+00:00")
    assert entry["timestamp"].startswith("2026-02-02T"), "when it was stored"
    assert await house.get(f"/api/v1/calls/{entry['call_id']}/transcripts") == [entry]
    await post(house, item("s2"))
    bare = (await house.get(PATH))[1]
    assert [bare[name] for name in ("confidence", "language", "segment_start", "segment_end")] == [None] * 4


async def test_a_long_call_is_streamed_whole(house):
    for start in range(0, 1200, 400):
        batch = {"transcripts": [item(f"s{n}", segment_start=1200 - n) for n in range(start, start + 400)]}
        assert (await post(house, batch))[0] == 201
    answer = await house.fetch("GET", PATH)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert [entry["seq"] for entry in json.loads(answer.body)] == list(range(1200, 0, -1))
    assert await seqs(house, "?after=0") == list(range(1, 1201))
    assert await seqs(house, "?limit=450") == list(range(1200, 750, -1))
    assert await seqs(house, "?after=7&limit=450") == list(range(8, 458))
    assert await seqs(house, "?after=1195&limit=1000") == list(range(1196, 1201))


async def test_the_latest_of_each_segment_is_read_and_after_gives_every_entry(house):
    said = [item("a", "one", segment_start=2), item("b", speaker="assistant", segment_start=1), item("a", "two")]
    await post(house, {"transcripts": said})
    assert await seqs(house) == [2, 3]
    assert await seqs(house, "?speaker=user") == [3]
    assert await seqs(house, "?after=0") == [1, 2, 3]
    assert await seqs(house, "?after=1&speaker=assistant&include_interim=true") == [2]
    assert await seqs(house, "?after=3") == await seqs(house, f"?after={2**62}") == []
    for query, field in {
        "speaker=agent": "speaker",
        "after=-1": "after",
        "after=" + "9" * 30: "after",
        "limit=0": "limit",
        "limit=1001": "limit",
    }.items():
        assert (await refused(house, f"{PATH}?{query}", 400))["field"] == field


async def test_what_is_new_is_created_and_a_repeat_is_a_success_that_stores_nothing(either_house):
    house = either_house
    assert await post(house, item("a")) == (
        201,
        {"accepted": [{"segment_id": "a", "seq": 1}], "duplicates": 0, "rejected": []},
    )
    assert await post(house, item("a")) == (
        200,
        {"accepted": [{"segment_id": "a", "seq": 1}], "duplicates": 1, "rejected": []},
    )
    status, mixed = await post(house, {"transcripts": [item("a"), item("a", "corrected"), item("b")]})
    assert (status, [one["seq"] for one in mixed["accepted"]], mixed["duplicates"]) == (201, [1, 2, 3], 1)
    status, again = await post(house, {"transcripts": [item("b"), item("a")]})
    assert (status, [one["seq"] for one in again["accepted"]], again["duplicates"]) == (200, [3, 1], 2)
    assert (await house.get("/api/v1/calls/sid/CA1"))["transcript_count"] == 2


async def test_a_segment_without_an_id_gets_one_each_time(house):
    ids = [(await post(house, item()))[1]["accepted"][0]["segment_id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert await seqs(house) == [1, 2]


async def test_a_mixed_batch_stores_what_is_good_and_says_why_the_rest_is_not(house):
    await post(house, item("a", revision=1))
    batch = [item("b"), 7, item("c", speaker="agent"), item("a", "other", revision=1), item("d", is_final=False)]
    status, said = await post(house, {"transcripts": [*batch, item("e")]})
    assert (status, said["duplicates"]) == (201, 0)
    assert said["accepted"] == [
        {"segment_id": "b", "seq": 2},
        {"segment_id": "d", "seq": None},
        {"segment_id": "e", "seq": 3},
    ]
    errors = [(one["index"], one["error"]["code"], one["error"].get("field")) for one in said["rejected"]]
    assert errors == [
        (1, "invalid_json", None),
        (2, "invalid_field", "speaker"),
        (3, "revision_conflict", "revision"),
    ]
    assert await seqs(house, "?after=0") == [1, 2, 3], "an interim is not stored"


async def test_a_batch_with_nothing_good_is_refused_item_by_item_and_in_the_shape_of_every_error(house):
    status, said = await post(house, {"transcripts": [{}, item("a", "x\x00")]})
    assert (status, said["accepted"], said["duplicates"]) == (422, [], 0)
    assert [(one["index"], one["error"]["field"]) for one in said["rejected"]] == [(0, "content"), (1, "content")]
    assert said["error"] == said["rejected"][0]["error"]
    assert said["detail"] == said["error"]["message"]
    await refused(house, "/api/v1/calls/sid/CA1", 404)


async def test_a_batch_holds_up_to_500(house):
    full = [item(f"s{n}", "ü" * (CONTENT_BYTES // 2) if n < 2 else "words") for n in range(501)]
    assert (await refused(house, PATH, 422, "POST", {"transcripts": full}))["field"] == "transcripts"
    status, said = await post(house, {"transcripts": full[:500]})
    assert (status, len(said["accepted"])) == (201, 500)
    assert await post(house, {"transcripts": []}) == (200, {"accepted": [], "duplicates": 0, "rejected": []})


async def test_a_revision_with_other_content_is_a_conflict(house):
    await post(house, item("a", revision=2))
    error = await refused(house, PATH, 409, "POST", item("a", "other", revision=2))
    assert (error["code"], error["field"]) == ("revision_conflict", "revision")


async def test_revisions_that_are_used_up_are_a_conflict_on_either_database(either_house):
    await post(either_house, item("a", revision=2**31 - 1))
    assert (await refused(either_house, PATH, 409, "POST", item("a", "other")))["field"] == "revision"


UNTAKEN = [
    ("", 400, None),
    ("{", 400, None),
    ("[]", 400, None),
    ('"text"', 400, None),
    ("\xff".encode("latin1"), 400, None),
    ("[" * 100_000, 400, None),
    ("{}", 422, "content"),
    (item(content="a\x00"), 422, "content"),
    ('{"content":"\\ud800","speaker":"user"}', 422, "content"),
    (item(content="x" * (CONTENT_BYTES + 1)), 422, "content"),
    (item(speaker="agent"), 422, "speaker"),
    (item(revision=2**31), 422, "revision"),
    (item(revision=10**400), 422, "revision"),
    (item(confidence=1.5), 422, "confidence"),
    (item(segment_start=-1), 422, "segment_start"),
    ('{"content":"x","speaker":"user","segment_end":1e999}', 422, "segment_end"),
    (item("s" * 129), 422, "segment_id"),
    (item(created_at="yesterday"), 422, "created_at"),
    ({"transcripts": {}}, 422, "transcripts"),
    ({"transcripts": "x" * (18 << 20)}, 413, None),
]


async def test_what_cannot_be_taken_is_refused_by_its_field_and_creates_nothing(house):
    for body, status, field in UNTAKEN:
        error = await refused(house, PATH, status, "POST", body)
        assert error.get("field") == field
        assert len(error["message"]) < 400
    await refused(house, "/api/v1/calls/sid/CA1", 404)


async def test_transcripts_are_posted_to_a_number_too_if_the_call_is_known(house):
    await post(house, item("a"))
    number = (await house.get("/api/v1/calls/sid/CA1"))["id"]
    assert (await post(house, item("b"), f"/api/v1/calls/{number}/transcripts"))[1]["accepted"][0]["seq"] == 2
    await refused(house, f"/api/v1/calls/{number + 1}/transcripts", 404, "POST", item("b"))


async def test_an_interim_alone_is_taken_and_creates_its_call(house):
    status, said = await post(house, item("a", is_final=False))
    assert (status, said["accepted"]) == (200, [{"segment_id": "a", "seq": None}])
    assert (await house.get("/api/v1/calls/sid/CA1"))["transcript_count"] == 0
    assert await seqs(house) == []
