"""The wall without sockets: what is merged, and what a slow watcher is left with."""

import json

from msgspec.structs import replace

from events import Call, Transcript
from hub.viewer import MAX_UNSENT_BYTES
from hub.wall import Wall, Watcher


class Out:
    def __init__(self):
        self.sent, self.unsent_bytes, self.catching_up = [], 0, False

    def send(self, data):
        self.sent.append(json.loads(data))

    def catch_up(self):
        self.catching_up = True


def call(number: int, **more) -> Call:
    facts = {"id": number, "call_sid": f"CA{number}", "organization_id": 1, "assistant_id": 1, "assistant_name": "A"}
    facts |= {"status": "in-progress", "status_version": 1, "metadata": {}, "head_seq": 0, "transcript_count": 0}
    unknown = ("end_reason", "direction", "from_number", "to_number", "provider", "started_at", "ended_at", "duration")
    facts |= dict.fromkeys((*unknown, "terminal_at", "last_entry_at")) | {"created_at": 0, "updated_at": 0}
    return Call(**facts | more)


def said(content: str, *, is_final: bool = True) -> Transcript:
    return Transcript(segment_id="s1", speaker="user", content=content, is_final=is_final)


def watched() -> tuple[Wall, Watcher]:
    wall, watcher = Wall(lambda: 0, bytes, lambda _: 0), Watcher(Out())
    wall.watchers.add(watcher)
    watcher.follow()
    return wall, watcher


def contents(message: dict) -> dict[str, str]:
    return {row["call_sid"]: row["last"]["content"] for row in message["calls"]}


def test_a_start_is_sent_at_once_and_words_at_the_tick_merged():
    wall, watcher = watched()
    wall.hear(call(1), said("a"))
    wall.hear(call(2), said("b"))
    assert [contents(message) for message in watcher.outlet.sent] == [{"CA1": "a"}, {"CA2": "b"}]
    for word in ("c", "d", "e"):
        wall.hear(call(1), said(word))
    assert len(watcher.outlet.sent) == 2
    wall.tick()
    assert contents(watcher.outlet.sent[2]) == {"CA1": "e"}
    wall.tick()
    assert len(watcher.outlet.sent) == 3, "nothing changed, nothing is sent"


def test_an_end_is_sent_at_once_and_once():
    wall, watcher = watched()
    wall.hear(call(1), said("a"))
    over = replace(call(1), status="completed", status_version=2, updated_at=1)
    wall.hear(over)
    wall.hear(over, said("late"))
    wall.tick()
    assert [row["status"] for message in watcher.outlet.sent for row in message["calls"]] == [
        "in-progress",
        "completed",
    ]
    assert json.loads(wall.snapshot())["calls"] == []


def test_a_snapshot_read_before_the_end_does_not_bring_a_call_back():
    wall, _ = watched()
    wall.hear(call(1), said("a"))
    wall.hear(replace(call(1), status="failed", status_version=2, updated_at=1))
    wall.load([(call(1), said("a")), (call(2), None)])
    assert [row["call_sid"] for row in json.loads(wall.snapshot())["calls"]] == ["CA2"]


def test_of_two_that_load_the_wall_the_second_brings_no_ended_call_back():
    wall, _ = watched()
    wall.load([(call(1), None)])
    wall.hear(replace(call(1), status="completed", status_version=2, updated_at=1))
    wall.load([(call(1), None)])
    assert json.loads(wall.snapshot())["calls"] == []


def test_an_interim_taken_back_leaves_the_last_final():
    wall, watcher = watched()
    wall.hear(call(1), said("stays"))
    wall.hear(call(1), said("goes", is_final=False))
    wall.hear(call(1), said("", is_final=False))
    wall.tick()
    assert contents(watcher.outlet.sent[-1]) == {"CA1": "stays"}


def test_a_slow_watcher_keeps_the_newest_row_of_each_call_and_holds_up_nobody():
    wall, slow = watched()
    quick = Watcher(Out())
    wall.watchers.add(quick)
    quick.follow()
    wall.hear(call(1), said("a"))
    slow.outlet.unsent_bytes = MAX_UNSENT_BYTES + 1
    for n in range(5):
        wall.hear(call(1), said(f"word {n}"))
        wall.hear(call(2), said(f"other {n}"))
        wall.tick()
    assert slow.outlet.catching_up
    assert len(slow.outlet.sent) == 1
    assert contents(json.loads(wall.updates(slow.missed))) == {"CA1": "word 4", "CA2": "other 4"}
    assert len(quick.outlet.sent) == 7
