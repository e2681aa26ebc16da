"""What is going on at one call: its viewers, its newest status, and the open interim of each speaker. No history."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from events import SECOND, Call, Entry, Transcript, entry_message, interim_message, status_message
from hub.line import Line
from hub.news import News, bundled
from hub.viewer import Bundle, Viewer
from metrics import Numbers
from rules.alert import Alert, alert_message

GRACE_US = 5 * SECOND  # late finals of an ended call usually arrive within a second or two
LONGEST_GRACE_US = 30 * SECOND
MAX_OPEN = 16  # interims at once; two speakers have two, so more is a producer that never finishes its segments


class Interim(NamedTuple):
    said: Transcript
    at: int  # µs, when it was published


def grace_ends_at(call: Call) -> int | None:
    """When viewers of the ended call are let go, µs: a while after its end, and again after each late final."""
    if call.terminal_at is None:
        return None
    last_heard = max(call.terminal_at, call.last_entry_at or 0)
    return min(last_heard + GRACE_US, call.terminal_at + LONGEST_GRACE_US)


class Room:
    """What happens within one turn of the loop leaves together, as one piece for everyone who simply follows:
    `has_news` has `flush` called at its end, or at once where nothing is to be gained."""

    __slots__ = (
        *("_clock", "_has_news", "_last_revision", "_line", "_news", "_open", "_told", "_wrap"),
        *("call", "clients", "head_seq", "is_closed", "last_alert", "numbers", "viewers"),
    )

    def __init__(
        self,
        call: Call,
        clock: Callable[[], int],
        wrap: Callable[[bytes], bytes],
        has_news: Callable[["Room"], None],
        numbers: Numbers,
    ):
        self.numbers = numbers
        self._clock, self._wrap, self._has_news = clock, wrap, has_news
        self._news: list[News] = []
        self.call = call
        self.head_seq = call.head_seq
        self.last_alert = 0  # the newest that was published here, of those that belong to no entry
        self._told = call.head_seq  # the newest entry that was published here, or that everyone here began behind
        self.viewers: set[Viewer] = set()
        self._line: Line | None = None
        self.clients: dict[object, Viewer] = {}
        self._open: dict[str, Interim] = {}  # by segment, the newest last
        self._last_revision = 0  # of any interim: counting on from it is above what was withdrawn, too
        self.is_closed = False

    @property
    def status_version(self) -> int:
        return self.call.status_version

    @property
    def told_seq(self) -> int:
        """The newest entry that those who follow have, or know of."""
        return self._told

    @property
    def has_interims(self) -> bool:
        return bool(self._open)

    @property
    def open_interims(self) -> list[Transcript]:
        """As they are shown, the newest last."""
        return [shown.said for shown in self._open.values()]

    def newest_interims(self) -> list[bytes]:
        """The newest open interim of each speaker, for a viewer that begins to follow."""
        newest = {shown.said.speaker: shown for shown in self._open.values()}
        return [self._interim_frame(shown.said, shown.at) for shown in newest.values()]

    def status_frame(self) -> bytes:
        return self._wrap(status_message(self.call, self._clock()))

    def refresh(self, call: Call) -> None:
        """Take news of the call, from a commit or read from the store; older news than known changes nothing."""
        self.head_seq = max(self.head_seq, call.head_seq)
        is_new_status = call.status_version > self.call.status_version
        if is_new_status or call.head_seq > self.call.head_seq or call.updated_at > self.call.updated_at:
            self.call = call
        if is_new_status:
            self._tell(News("status", self.status_frame(), self.head_seq, call.status_version))

    def final(self, entry: Entry, alerts: Sequence[Alert] = ()) -> None:
        """A stored entry, in commit order, and the alerts about it: they leave as one, so that nobody has only half.
        One that was told before, or that those who follow are reading already, is not told again."""
        self._open.pop(entry.transcript.segment_id, None)
        if entry.seq <= self._told:
            return
        self.head_seq = max(self.head_seq, entry.seq)
        self._told = entry.seq
        if self.viewers and not self.is_closed:
            frame = self._wrap(entry_message(self.call.call_sid, entry, replayed=False))
            if alerts:
                frame += b"".join([self._wrap(alert_message(self.call.call_sid, alert)) for alert in alerts])
            self._tell(News("final", frame, entry.seq))

    def alert(self, alert: Alert) -> None:
        """An alert that belongs to no entry."""
        self.last_alert = max(self.last_alert, alert.id)
        if self.viewers and not self.is_closed:
            self._tell(News("alert", self._wrap(alert_message(self.call.call_sid, alert)), alert.id))

    def reach(self, head_seq: int) -> None:
        """The log goes as far as this. Where not all of it was published here (another node's entries, or a commit
        whose outcome only its repeat brought to light), those who follow read it from the store."""
        if head_seq > self._told:
            self._told = head_seq
            if self.viewers and not self.is_closed:
                self._tell(News("head", b"", head_seq))

    def interim(self, said: Transcript) -> Transcript | None:
        """Show it, unless the call is over or a newer revision of it is shown; as shown, with its revision."""
        if self.call.is_over:
            return None
        now = self._clock()
        shown = self._open.get(said.segment_id)
        revision = said.revision
        if revision is None:
            revision = self._last_revision + 1
        elif shown and revision <= shown.said.revision:
            return None
        said = replace(said, revision=revision, created_at=said.created_at or now)
        self._pass_on(said, now)
        self._open.pop(said.segment_id, None)
        if said.content:
            self._open[said.segment_id] = Interim(said, now)
            if len(self._open) > MAX_OPEN:
                self._withdraw(next(iter(self._open)))
        return said

    def withdraw_interims(self, before: int) -> None:
        """Take back interims published before `before` (µs): their finals never came."""
        for segment_id, shown in list(self._open.items()):
            if shown.at < before:
                self._withdraw(segment_id)

    def close(self) -> None:
        """The grace period is over: viewers that have everything leave, the others when they have it."""
        self.withdraw_interims(before=self._clock() + 1)
        self.is_closed = True
        self.flush()
        for viewer in list(self.viewers):
            viewer.finish()

    def _withdraw(self, segment_id: str) -> None:
        said = self._open.pop(segment_id).said
        self._pass_on(replace(said, content="", revision=said.revision + 1), self._clock())

    def _pass_on(self, said: Transcript, now: int) -> None:
        self._last_revision = max(self._last_revision, said.revision)
        if self.viewers:
            self._tell(News("interim" if said.content else "withdrawal", self._interim_frame(said, now)))

    def _interim_frame(self, said: Transcript, at: int) -> bytes:
        return self._wrap(interim_message(self.call.call_sid, said, at))

    def _tell(self, news: News) -> None:
        self._news.append(news)
        if len(self._news) == 1:
            self._has_news(self)

    def regroup(self) -> None:
        """Who follows, or how they are sent to, has changed."""
        self._line = None

    def flush(self) -> None:
        """Tell the viewers what has happened since the last time."""
        news, self._news = self._news, []
        if not news:
            return
        bundle = bundled(news)
        line = self._line_for(bundle) if bundle else None
        rest = self.viewers
        if line is not None:
            line.take(bundle)
            self.numbers.messages_sent += len(news) * len(line.viewers)
            rest = rest.difference(line.viewers) if len(line.viewers) < len(rest) else ()
        for viewer in list(rest):
            if bundle is not None and viewer.take(bundle):
                self.numbers.messages_sent += len(news)
                continue
            for each in news:
                each.tell(viewer)

    def _line_for(self, bundle: Bundle) -> Line | None:
        step = bundle.first - 1 if bundle.first else self._told
        line = self._line
        if line is None or line.step != step:
            line = Line(step, [viewer for viewer in self.viewers if viewer.is_in_step(step)])
            is_everyone = len(line.viewers) == sum(viewer.follows for viewer in self.viewers)
            self._line = line if is_everyone else None  # else some may be in step the next time
        return line if bundle.before <= step and not bundle.alert else None
