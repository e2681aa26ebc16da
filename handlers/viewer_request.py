"""What a viewer asks for in the query of its socket."""

import re
from typing import NamedTuple

from handlers.token_socket import Refusal

_CLIENT = re.compile(r"[^\x00-\x1f\x7f]{1,64}\Z")
_EPOCH = re.compile(r"[^\x00-\x1f\x7f]{0,64}\Z")
_SWITCH = re.compile(r"[01]\Z")
_SEQ = re.compile(r"[0-9]{1,18}\Z")  # fits both databases' integers


class ViewerRequest(NamedTuple):
    after: int | None  # the last seq it has
    epoch: str | None  # the log in which that was counted
    wants_interims: bool
    client: str | None  # its own name, the same when it comes again
    wants_company: bool  # to be told who else watches

    def resume(self, epoch: str, head_seq: int) -> tuple[int, bool]:
        """(cursor to replay from, whether that continues what the viewer has); never half of it."""
        if self.after is None:
            return 0, True
        if self.epoch not in (None, epoch) or self.after > head_seq:
            return 0, False
        return self.after, True


def viewer_request(query: dict[str, list[str]]) -> ViewerRequest:
    """Of a name given twice the last counts. Raises Refusal, `invalid_parameter`."""
    after = _value(query, "after", _SEQ, "a sequence number")
    interim, company = (_value(query, name, _SWITCH, "0 or 1") for name in ("interim", "company"))
    return ViewerRequest(
        after=None if after is None else int(after),
        epoch=_value(query, "epoch", _EPOCH, "an epoch that the server gave") or None,
        wants_interims=interim != "0",
        client=_value(query, "client", _CLIENT, "1 to 64 printable characters"),
        wants_company=company == "1",
    )


def _value(query: dict[str, list[str]], name: str, shape: re.Pattern[str], words: str) -> str | None:
    if name not in query:
        return None
    value = query[name][-1]
    if not shape.match(value):
        raise Refusal("invalid_parameter", f"The parameter {name!r} must be {words}.", field=name)
    return value
