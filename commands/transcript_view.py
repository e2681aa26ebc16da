"""What a terminal shows of a call: which segments, in which order, as which words. No screen, no socket."""

from typing import Any, NamedTuple

_JOINERS = "\u200c\u200d"  # without them Persian words and some emoji fall apart


class Line(NamedTuple):
    text: str
    is_final: bool


class _Segment(NamedTuple):
    place: float  # s: its start; where unknown, the latest start stored before it
    first_seq: float  # where it was stored first, so that a correction stays in place; infinity until it is stored
    seq: float
    revision: float
    data: dict[str, Any]


class TranscriptView:
    """A stored entry beats any interim; of stored entries the higher `seq`; of interims the higher `revision`."""

    def __init__(self):
        self._segments: dict[str, _Segment] = {}

    def hear(self, message: dict[str, Any]) -> Line | None:
        """Take a transcript message. The line it adds if it is a final, marked where it corrects one."""
        data, seq = message["data"], message.get("seq")
        shown = self._segments.get(data["segment_id"])
        if shown and not _is_newer(shown, seq, data.get("revision")):
            return None
        is_correction = shown is not None and shown.seq != float("inf")
        place = data.get("segment_start")
        if place is None:
            place = shown.place if is_correction else max((s.place for s in self._segments.values()), default=0)
        stored = float("inf") if seq is None else seq
        first = shown.first_seq if is_correction else stored
        revision = data.get("revision")
        revision = float("inf") if revision is None else revision
        self._segments[data["segment_id"]] = _Segment(place, first, stored, revision, data)
        return None if seq is None else _line(data, " (corrected)" if is_correction else "")

    def lines(self) -> list[Line]:
        """In speaking order, what is still being said last; segments without words are left out."""
        segments = sorted(self._segments.values(), key=lambda s: (s.seq == float("inf"), s.place, s.first_seq))
        return [_line(s.data) for s in segments if s.data["content"]]

    def drop_interims(self) -> None:
        """After a reconnect the server sends those that are still open."""
        self._segments = {id_: s for id_, s in self._segments.items() if s.seq != float("inf")}

    def clear(self) -> None:
        self._segments.clear()


def _is_newer(shown: _Segment, seq: int | None, revision: int | None) -> bool:
    if seq is not None:
        return shown.seq == float("inf") or seq > shown.seq
    return shown.seq == float("inf") and (revision is None or revision > shown.revision)


def _line(data: dict[str, Any], mark: str = "") -> Line:
    start, is_final = data.get("segment_start"), data["is_final"]
    clock = "-:--" if start is None else f"{int(start) // 60}:{int(start) % 60:02d}"
    text = plain(data["content"]).strip() + ("" if is_final else " …")
    return Line(f"{clock:>6}  {data['speaker']:<9}  {text}{mark}", is_final)


def plain(text: str) -> str:
    """The text on one line, without what would steer a terminal: it was said by strangers."""
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text)
