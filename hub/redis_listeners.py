"""Which channels another node listens to: what nobody would hear need not be sent."""

MOST = 50_000  # channels that are known to have no listener; beyond it all of it is found out anew


class Listeners:
    """PUBLISH answers how many hear it, and a node that begins to listen says so to all (`asks`). As long as this node
    hears what all are told, a channel without another listener stays without one until somebody asks.

    Where nothing is known, or what is known may be old, a channel counts as heard: what is sent then finds it out.
    """

    def __init__(self) -> None:
        self._unheard: set[str] = set()
        self._asked: set[str] | None = None  # since what is on its way left; None: something may have been missed

    def is_heard(self, channel: str) -> bool:
        """Whether another node may listen to it."""
        return channel not in self._unheard

    def sending(self) -> None:
        """What is now sent is answered with `answered`."""
        self._asked = set()

    def answered(self, channel: str, others: int) -> None:
        """So many other nodes heard what was sent on the channel."""
        if others > 0:
            self._unheard.discard(channel)
        elif self._asked is not None and channel not in self._asked:  # else who asked may listen since it was sent
            if len(self._unheard) >= MOST:
                self._unheard.clear()
            self._unheard.add(channel)

    def asked(self, channel: str) -> None:
        """A node has begun to listen to it."""
        self._unheard.discard(channel)
        if self._asked is not None:
            self._asked.add(channel)

    def missed(self) -> None:
        """What all are told may not have been heard until now."""
        self._unheard.clear()
        self._asked = None
