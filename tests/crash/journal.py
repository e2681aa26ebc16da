"""What producers were promised and viewers saw, and whether the log of the database keeps every bit of it. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Violation(Exception):
    """A promise that was broken; the message is one line."""


class Line(NamedTuple):
    """An entry of a call's log, as read or as seen."""

    seq: int
    segment_id: str
    content: str


class Journal:
    """Every content is said once in its call, so that it names the event."""

    def __init__(self) -> None:
        self.sent: dict[str, set[str]] = {}  # finals by call
        self.promised: dict[tuple[str, str], int | None] = {}  # (call, content) → seq, where the answer told it
        self.seen: list[tuple[str, list[Line]]] = []  # what each viewer saw, over all its connections

    def send(self, call_sid: str, content: str) -> None:
        self.sent.setdefault(call_sid, set()).add(content)

    def promise(self, call_sid: str, content: str, seq: int | None) -> None:
        """A producer was told that it is stored, at this place. Raises Violation where it was told another before."""
        before = self.promised.setdefault((call_sid, content), seq)
        if before != seq:
            raise Violation(f"{call_sid}: {content!r} was acknowledged as {before}, and then as {seq}")

    def watch(self, call_sid: str) -> list[Line]:
        """The page of a new viewer, to be filled by `see`."""
        page: list[Line] = []
        self.seen.append((call_sid, page))
        return page


def see(call_sid: str, page: list[Line], line: Line) -> None:
    """Raises Violation unless it is the next one."""
    if line.seq != len(page) + 1:
        raise Violation(f"{call_sid}: a viewer got seq {line.seq} where {len(page) + 1} was due")
    page.append(line)


def violations(journal: Journal, log: Mapping[str, list[Line]]) -> Iterator[str]:
    """What is wrong with this log (by call, as read), after everything that the journal knows of."""
    yield from _of_the_log(journal, log)
    stored = {(call_sid, line.content): line.seq for call_sid, lines in log.items() for line in lines}
    for (call_sid, content), seq in journal.promised.items():
        if (call_sid, content) not in stored:
            yield f"{call_sid}: {content!r} was acknowledged as {seq} and is lost"
        elif seq not in (None, stored[call_sid, content]):
            yield f"{call_sid}: {content!r} was acknowledged as {seq} and stands at {stored[call_sid, content]}"
    for call_sid, page in journal.seen:
        lines = log.get(call_sid, [])
        for line in page:
            if line.seq > len(lines) or lines[line.seq - 1] != line:
                yield f"{call_sid}: a viewer was shown {line}, and that is not what is stored"
        if [line.seq for line in page] != list(range(1, len(lines) + 1)):
            yield f"{call_sid}: a viewer has {len(page)} entries of {len(lines)}, or not in order"


def _of_the_log(journal: Journal, log: Mapping[str, list[Line]]) -> Iterator[str]:
    for call_sid, lines in log.items():
        if [line.seq for line in lines] != list(range(1, len(lines) + 1)):
            yield f"{call_sid}: the log has a hole: {[line.seq for line in lines]}"
        for content, times in Counter(line.content for line in lines).items():
            if times > 1:
                yield f"{call_sid}: {content!r} is stored {times} times"
            if content not in journal.sent.get(call_sid, ()):
                yield f"{call_sid}: {content!r} is stored, and nobody sent it as a final"
