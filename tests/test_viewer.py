"""The state machine of one viewer, by itself: catching up, live, fallen back, done."""

from hub import Viewer
from hub.viewer import MAX_UNSENT_BYTES
from metrics import Numbers


class Outlet:
    """Keeps what it is sent and asked; `unsent_bytes` is what a test says."""

    def __init__(self):
        self.sent, self.asked, self.unsent_bytes, self.straight = [], [], 0, None

    def send(self, frame):
        self.sent.append(frame)

    def catch_up(self):
        self.asked.append("catch up")

    def end(self):
        self.asked.append("end")

    def replaced(self):
        self.asked.append("replaced")


class Room:
    """A room as a viewer sees it."""

    def __init__(self, head_seq: int = 0, status_version: int = 1, interims: tuple[bytes, ...] = ()):
        self.head_seq, self.status_version, self.interims, self.is_closed = head_seq, status_version, interims, False
        self.last_alert, self.numbers = 0, Numbers()

    def status_frame(self) -> bytes:
        return b"status"

    def flush(self) -> None:
        """Nothing is waiting."""

    def regroup(self) -> None:
        """It is the only viewer."""

    def newest_interims(self) -> list[bytes]:
        return list(self.interims)


def viewer(room: Room | None = None, *, live: bool = True, cursor: int = 0, **options) -> Viewer:
    made = Viewer(Outlet(), cursor=cursor, **options)
    made.room = room or Room(head_seq=cursor)
    made.sent_version = 1
    if live:
        made.go_live()
    return made


def publish(viewer: Viewer, seq: int) -> None:
    viewer.room.head_seq = max(seq, viewer.room.head_seq)
    viewer.final(seq, b"%d" % seq)


def test_while_it_catches_up_nothing_published_reaches_it():
    one = viewer(live=False)
    publish(one, 1)
    one.interim(b"interim")
    one.status(b"status", 2)
    one.finish()
    assert (one.outlet.sent, one.outlet.asked, one.cursor) == ([], [], 0)
    assert not one.has_caught_up


def test_live_it_gets_finals_interims_and_statuses_as_they_come():
    one = viewer()
    publish(one, 1)
    one.interim(b"interim")
    publish(one, 2)
    one.status(b"status", 2)
    assert one.outlet.sent == [b"1", b"interim", b"2", b"status"]
    assert (one.cursor, one.sent_version, one.is_live) == (2, 2, True)


def test_what_a_page_has_given_already_is_skipped():
    one = viewer(cursor=2)
    for seq in (1, 2, 3):
        publish(one, seq)
    assert one.outlet.sent == [b"3"]


def test_a_hole_makes_it_read_the_store_again_and_nothing_goes_out_meanwhile():
    one = viewer()
    publish(one, 2)
    publish(one, 3)
    one.interim(b"interim")
    assert (one.outlet.sent, one.outlet.asked, one.cursor) == ([], ["catch up"], 0)
    one.cursor = 3
    assert one.has_caught_up
    one.go_live()
    publish(one, 4)
    assert one.outlet.sent == [b"4"]


def test_too_slow_it_falls_back_once_and_interims_are_dropped():
    one = viewer()
    one.outlet.unsent_bytes = MAX_UNSENT_BYTES + 1
    one.interim(b"interim")
    assert (one.outlet.sent, one.outlet.asked, one.is_live) == ([], [], True)
    publish(one, 1)
    publish(one, 2)
    assert (one.outlet.sent, one.outlet.asked, one.cursor) == ([], ["catch up"], 0)


def test_at_its_bound_it_is_not_yet_slow():
    one = viewer()
    one.outlet.unsent_bytes = MAX_UNSENT_BYTES
    publish(one, 1)
    assert one.outlet.sent == [b"1"]


def test_a_status_for_a_slow_one_waits_until_it_is_live_again():
    one = viewer()
    one.outlet.unsent_bytes = MAX_UNSENT_BYTES + 1
    one.room.status_version = 2
    one.status(b"status", 2)
    assert (one.outlet.sent, one.outlet.asked) == ([], ["catch up"])
    one.go_live()
    assert one.outlet.asked == ["catch up", "catch up"], "still slow: it goes on reading as the socket drains"
    one.outlet.unsent_bytes = 0
    one.go_live()
    assert (one.outlet.sent, one.sent_version) == ([b"status"], 2)


def test_a_status_that_overtook_its_entries_waits_for_them():
    one = viewer()
    one.room.head_seq = 2  # as another viewer's look at the store says
    one.status(b"completed", 2)
    assert (one.outlet.sent, one.outlet.asked) == ([], ["catch up"])


def test_going_live_it_gets_a_new_status_then_the_open_interims_then_the_end():
    room = Room(status_version=2, interims=(b"user", b"assistant"))
    room.is_closed = True
    one = viewer(room)
    assert one.outlet.sent == [b"status", b"user", b"assistant"]
    assert (one.outlet.asked, one.is_live) == (["end"], False)


def test_a_status_that_it_has_is_not_said_again():
    assert viewer(Room(status_version=1)).outlet.sent == []


def test_who_wants_finals_only_gets_no_interims():
    one = viewer(Room(interims=(b"user",)), wants_interims=False)
    one.interim(b"interim")
    publish(one, 1)
    assert one.outlet.sent == [b"1"]


def test_it_is_let_go_once_and_only_with_everything():
    one = viewer()
    one.room.head_seq = 1
    one.room.is_closed = True
    one.finish()
    assert one.outlet.asked == ["catch up"]
    one.cursor = 1
    one.go_live()
    one.finish()
    publish(one, 2)
    one.status(b"status", 3)
    assert (one.outlet.sent, one.outlet.asked) == ([], ["catch up", "end"])


def test_without_a_place_nothing_is_caught_up():
    one = viewer(live=False)
    one.room = None
    assert not one.has_caught_up
