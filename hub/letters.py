"""What nodes write to each other, by channel, as MessagePack. But for interims all of it is in the store, too."""

from collections.abc import Sequence

import msgspec

from events import Call, Entry, Transcript
from rules.alert import Alert

ASKS = "asks"  # the channel that every node hears


class Letter(msgspec.Struct, array_like=True, gc=False):
    """News of one call, for those who watch it."""

    call: Call | None = None  # None: only interims
    entries: Sequence[Entry] = ()
    alerts: Sequence[Alert] = ()
    interim: Transcript | None = None
    is_noted: bool = False  # its notes have changed


class Row(msgspec.Struct, array_like=True, gc=False):
    """News of one call, for those who watch the organisation's wall: the newest of half a second."""

    call: Call
    said: Transcript | None = None
    alerts: Sequence[Alert] = ()


class Post(msgspec.Struct, array_like=True, gc=False):
    """What one node has to say on one channel, in order. What newer nodes add at the end, older ones skip."""

    node: str  # who sends it
    letters: list[Letter] = []
    rows: list[Row] = []
    asks: list[int] = []  # calls whose open interims it would like to have
    replaced: list[str] = []  # places of this call that it took over, for clients that came to it
    wall_asks: list[int] = []  # organisations whose walls it begins to hear of


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Post).decode
