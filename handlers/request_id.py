"""Which request is being served, so that everything that is logged on its behalf can be found together.

The id is in the context of the request's task, and so in that of every task that is begun for it; a WebSocket has that
of its handshake for as long as it is open.
"""

import re
import secrets
from contextvars import ContextVar
from itertools import count

HEADER = "X-Request-Id"
# What is brought is taken if it is such: fit for a line of a log, and without `_`, so that no key or ticket of ours is.
_SANE = re.compile(r"[A-Za-z0-9.:-]{1,64}\Z")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)
_process, _numbers = secrets.token_hex(4), count(1)  # a random one for each request would cost more than looking it up


def begin(brought: str) -> str:
    """The id of the request that begins now, in this context: the one that it brings, or a new one."""
    id_ = brought if _SANE.match(brought) else f"{_process}{next(_numbers):08x}"
    _current.set(id_)
    return id_


def request_id() -> str | None:
    """None where nothing is being done for a request."""
    return _current.get()
