"""Carries news of calls between nodes. It may lose some: whoever watches finds what is missing in the store."""

from collections.abc import Sequence
from typing import Protocol

from events import Call, Entry, Transcript
from rules.alert import Alert


class Relay(Protocol):
    """Everything returns at once and never raises. What comes from other nodes the relay brings to `Hub.others`."""

    @property
    def is_up(self) -> bool | None:
        """Whether it carries anything just now; None where there is nothing to carry."""

    def watch(self, call_id: int) -> None:
        """Somebody here watches the call from now on."""

    def unwatch(self, call_id: int) -> None:
        """Nobody here does any more."""

    def watch_wall(self, organization_id: int) -> None: ...

    def unwatch_wall(self, organization_id: int) -> None: ...

    def published(self, call: Call, entries: Sequence[Entry], alerts: Sequence[Alert]) -> None:
        """A commit of this node added them to the call's log; called in the order of commits."""

    def passed(self, call: Call, said: Transcript) -> None:
        """An interim of this node, as it is shown."""

    def noted(self, call_id: int) -> None:
        """The call's notes have changed."""


class Alone:
    """The relay of a single node: there is nobody to carry anything to."""

    is_up = None

    def watch(self, call_id: int) -> None: ...

    def unwatch(self, call_id: int) -> None: ...

    def watch_wall(self, organization_id: int) -> None: ...

    def unwatch_wall(self, organization_id: int) -> None: ...

    def published(self, call: Call, entries: Sequence[Entry], alerts: Sequence[Alert]) -> None: ...

    def passed(self, call: Call, said: Transcript) -> None: ...

    def noted(self, call_id: int) -> None: ...
