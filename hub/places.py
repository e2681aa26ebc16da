"""The places at a call, counted over all nodes. Those of one node are its room's own."""

from typing import Protocol

from hub.viewer import Viewer


class Full(Exception):
    """The call has as many viewers as it may."""


class Places(Protocol):
    async def take(self, call_id: int, viewer: Viewer) -> None:
        """A place among those of all nodes, before `Hub.join`; raises Full. A viewer whose client has one elsewhere
        takes it over. Where the nodes cannot be asked, the hub's own limit has to do."""

    def give_back(self, call_id: int, viewer: Viewer) -> None:
        """At once, and in the background; giving back twice is no error."""


class AllHere:
    """The places of a single node: the hub's own limit is the whole of it."""

    async def take(self, call_id: int, viewer: Viewer) -> None: ...

    def give_back(self, call_id: int, viewer: Viewer) -> None: ...
