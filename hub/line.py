"""The viewers of a room who are in step: what is new goes to all of them as the same bytes, straight to their pipes."""

from hub.viewer import Bundle, Viewer


class Line:
    """They follow, have every entry up to `step` and no more, and nothing waits in their pipes.

    There are more deliveries than of all else, and most of what one costs is memory not in the cache: so a delivery
    touches the pipe's `straight` and neither viewer nor pipe.
    """

    __slots__ = ("_ways", "step", "viewers")

    def __init__(self, step: int, viewers: list[Viewer]):
        self.step, self.viewers = step, viewers
        self._ways = [viewer.pipe.straight for viewer in viewers]

    def take(self, bundle: Bundle) -> None:
        """Send it to all of them."""
        frames = bundle.frames
        size = len(frames)
        for at, way in enumerate(self._ways):
            try:
                sent = way(frames)
            except OSError as error:
                self.viewers[at].pipe.not_sent(frames, error)
            else:
                if sent != size:
                    self.viewers[at].pipe.sent_in_part(frames, sent)
        if bundle.last or bundle.version:
            for viewer in self.viewers:
                viewer.took(bundle)
            self.step = bundle.last or self.step
