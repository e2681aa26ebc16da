"""What a room tells its viewers: single frames, and bundles of those that leave together."""

from typing import Literal, NamedTuple

from hub.viewer import Bundle, Viewer


class News(NamedTuple):
    kind: Literal["final", "head", "status", "alert", "interim", "withdrawal"]
    frame: bytes
    # of a final, or of the log's head; for a status the newest that was known when it was told; for an alert its id
    seq: int = 0
    version: int = 0  # of a status

    def tell(self, viewer: Viewer) -> None:
        if self.kind == "final":
            viewer.final(self.seq, self.frame)
        elif self.kind == "head":
            viewer.reach(self.seq)
        elif self.kind == "status":
            viewer.status(self.frame, self.version)
        elif self.kind == "alert":
            viewer.alert(self.seq, self.frame)
        else:
            getattr(viewer, self.kind)(self.frame)


def bundled(news: list[News]) -> Bundle | None:
    """All of it in one piece, for a viewer that has what comes before; None where there is a hole in it."""
    first = last = before = version = alert = 0
    for each in news:
        if each.kind == "final":
            if last and each.seq != last + 1:
                return None
            first, last = first or each.seq, each.seq
        elif each.kind == "head" or (each.kind == "alert" and alert):
            return None
        elif each.kind == "alert":
            alert = each.seq
        elif each.kind == "status":
            version = each.version
            if each.seq > last:  # it was told after entries that are not in here, or only later
                if last:
                    return None
                before = each.seq
    if first and first <= before:
        return None
    frames = news[0].frame if len(news) == 1 else b"".join([each.frame for each in news])
    return Bundle(frames, first, last, before, version, alert)
