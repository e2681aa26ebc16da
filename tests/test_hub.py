"""Who watches what: places, takeovers, grace times and open interims, without sockets or a store."""

import pytest
from msgspec.json import decode
from msgspec.structs import replace

from events import SECOND, Entry, Transcript
from hub import Full, Hub, Viewer
from hub import hub as module
from hub.room import GRACE_US, LONGEST_GRACE_US, MAX_OPEN
from test_viewer import Outlet
from tests.law import NOBODY_HEARD


class Stage:
    """A hub with a clock of its own, and one call."""

    def __init__(self, **options):
        self.now = 1000 * SECOND
        self.hub = Hub(clock=lambda: self.now, **options)
        self.call = NOBODY_HEARD

    def watch(self, **options) -> Viewer:
        """A viewer that is live."""
        viewer = Viewer(Outlet(), cursor=self.call.head_seq, **options)
        self.hub.join(self.call, viewer)
        viewer.sent_version = self.call.status_version
        viewer.go_live()
        return viewer

    def say(self, segment_id: str, content: str = "words") -> None:
        entry = Entry(seq=self.call.head_seq + 1, stored_at=self.now, transcript=spoken(segment_id, content))
        self.call = replace(self.call, head_seq=entry.seq, last_entry_at=self.now, updated_at=self.now)
        self.hub.publish(self.call, [entry])

    def end(self) -> None:
        self.call = replace(self.call, status="completed", status_version=2, terminal_at=self.now)
        self.hub.publish(self.call, [])

    def partly(self, segment_id: str, content: str = "wor", **more) -> None:
        self.hub.interim(self.call, spoken(segment_id, content, is_final=False, **more))

    def tick(self, us: int) -> None:
        self.now += us
        self.hub.tick()


def spoken(segment_id: str, content: str, **more) -> Transcript:
    return Transcript(**{"segment_id": segment_id, "content": content, "speaker": "user"} | more)


def told(viewer: Viewer) -> list:
    """What the viewer was sent, in short: a seq, a status, or segment and content of an interim."""
    short = []
    for frame in viewer.outlet.sent:
        message = decode(frame)
        data = message.get("data", {})
        short.append(message.get("seq") or message.get("status") or (data["segment_id"], data["content"]))
    return short


def test_everyone_at_a_call_gets_the_same_bytes_and_others_nothing():
    stage = Stage(wrap=lambda message: b"<" + message + b">")
    first, second = stage.watch(), stage.watch()
    other = Viewer(Outlet())
    stage.hub.join(replace(stage.call, id=2), other)
    other.sent_version = 1
    other.go_live()
    stage.say("s1")
    (frame,) = first.outlet.sent
    assert frame[:1] + frame[-1:] == b"<>" and frame is second.outlet.sent[0]
    assert other.outlet.sent == []


def test_a_call_has_so_many_places_and_a_left_one_is_free_at_once():
    stage = Stage(viewers_per_call=2)
    first, _ = stage.watch(), stage.watch()
    with pytest.raises(Full):
        stage.watch()
    assert stage.hub.viewers(1) == 2
    stage.hub.leave(first)
    stage.hub.leave(first)
    stage.watch()
    assert stage.hub.viewers(1) == 2


def test_the_same_client_takes_over_its_place_even_where_there_is_no_other():
    stage = Stage(viewers_per_call=1)
    ghost = stage.watch(client=("key", "tab 1"))
    anew = stage.watch(client=("key", "tab 1"))
    assert (ghost.outlet.asked, ghost.room, stage.hub.viewers(1)) == (["replaced"], None, 1)
    stage.hub.leave(ghost)  # its socket closes later
    stage.say("s1")
    assert (told(ghost), told(anew)) == ([], [1])
    with pytest.raises(Full):
        stage.watch(client=("key", "tab 2"))
    assert anew.room is not None


def test_an_ended_call_lets_its_viewers_go_after_the_grace_time():
    stage = Stage()
    one = stage.watch()
    stage.end()
    stage.tick(GRACE_US - 1)
    assert (told(one), one.outlet.asked) == (["completed"], [])
    stage.tick(1)
    assert one.outlet.asked == ["end"]


def test_a_late_final_prolongs_the_grace_time_up_to_its_longest():
    stage = Stage()
    one = stage.watch()
    stage.end()
    for n in range(1, 10):
        stage.tick(GRACE_US - SECOND)
        if stage.now - stage.call.terminal_at >= LONGEST_GRACE_US:
            break
        assert one.outlet.asked == []
        stage.say(f"s{n}")
    assert one.outlet.asked == ["end"]
    stage.say("too late")
    assert told(one) == ["completed", *range(1, n)]


def test_who_joins_long_after_the_end_is_let_go_when_it_has_caught_up():
    stage = Stage()
    stage.say("s1")
    stage.end()
    stage.tick(LONGEST_GRACE_US)
    late = Viewer(Outlet())
    stage.hub.join(stage.call, late)
    late.sent_version = 2
    stage.tick(SECOND)
    assert (late.outlet.asked, late.has_caught_up) == ([], False)
    late.cursor = 1
    late.go_live()
    assert late.outlet.asked == ["end"]


def test_who_joins_sees_the_newest_open_interim_of_each_speaker():
    stage = Stage()
    stage.partly("u1")
    stage.partly("a1", speaker="assistant")
    stage.partly("u2")
    assert told(stage.watch()) == [("u2", "wor"), ("a1", "wor")]


def test_a_final_takes_the_place_of_its_interim_for_good():
    stage = Stage()
    one = stage.watch()
    stage.partly("s1")
    stage.say("s1")
    stage.partly("s1", "too late")
    assert (told(one), told(stage.watch())) == ([("s1", "wor"), 1], [])


def test_of_the_interims_of_a_segment_the_higher_revision_is_shown():
    stage = Stage()
    one = stage.watch()
    for revision in (2, 1, 2, 3):
        stage.partly("s1", f"r{revision}", revision=revision)
    assert told(one) == [("s1", "r2"), ("s1", "r3")]


def test_an_interim_left_open_is_withdrawn():
    stage = Stage()
    one = stage.watch()
    stage.partly("s1")
    stage.tick(module.OPEN_INTERIM_US)
    assert told(one) == [("s1", "wor")]
    stage.tick(1)
    assert told(one) == [("s1", "wor"), ("s1", "")]
    assert decode(one.outlet.sent[1])["data"]["revision"] > decode(one.outlet.sent[0])["data"]["revision"]
    assert told(stage.watch()) == []


def test_an_interim_open_at_the_end_is_withdrawn_before_the_viewers_go():
    stage = Stage()
    one = stage.watch()
    stage.partly("s1")
    stage.end()
    stage.partly("s2")
    stage.tick(GRACE_US)
    assert told(one) == [("s1", "wor"), "completed", ("s1", "")]
    assert one.outlet.asked == ["end"]


def test_a_producer_that_never_finishes_its_segments_keeps_so_many_open():
    stage = Stage()
    one = stage.watch()
    for n in range(MAX_OPEN + 2):
        stage.partly(f"s{n}")
    assert [content for content in told(one) if not content[1]] == [("s0", ""), ("s1", "")]


def test_the_segments_that_have_their_final_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED_FINALS", 3)
    stage = Stage()
    for n in range(4):
        stage.say(f"s{n}")
    one = stage.watch()
    for n in range(4):
        stage.partly(f"s{n}")
    assert told(one) == [("s0", "wor")], "the oldest is forgotten"


def test_nothing_is_kept_of_a_call_that_nobody_watches():
    stage = Stage()
    stage.say("s1")
    stage.partly("s2")
    assert stage.hub._rooms
    stage.say("s2")
    assert not stage.hub._rooms
    stage.hub.leave(stage.watch())
    stage.end()
    stage.tick(LONGEST_GRACE_US)
    assert not stage.hub._rooms and not stage.hub._ending


def test_a_new_call_with_the_number_of_an_erased_one_shows_its_interims():
    """SQLite gives numbers out again; what was final on the erased call says nothing of this one."""
    stage = Stage()
    stage.say("s1")
    stage.call = replace(NOBODY_HEARD, call_sid="CA-new")
    viewer = stage.watch()
    stage.partly("s1")
    assert told(viewer) == [("s1", "wor")]
