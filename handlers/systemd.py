"""What systemd hands to a service that it starts, and what it wants to be told: sd_listen_fds(3), sd_notify(3)."""

import os
import socket
from collections.abc import MutableMapping
from contextlib import ExitStack, suppress
from typing import NamedTuple

from handlers.kernel_buffers import bounded
from handlers.listening import CannotListen

FIRST = 3  # SD_LISTEN_FDS_START: the descriptors begin after standard error
METRICS = "metrics"  # FileDescriptorName= of the socket for /metrics; one with any other name is for the rest


class Handed(NamedTuple):
    """Listening sockets that were open before this process and stay open after it: who comes between two servers waits
    in their queue. Empty where nobody handed any."""

    doors: tuple[socket.socket, ...] = ()
    metrics: tuple[socket.socket, ...] = ()


NOTHING = Handed()


def handed_sockets(environment: MutableMapping[str, str] = os.environ, *, first: int = FIRST) -> Handed:
    """Those of LISTEN_FDS, if LISTEN_PID means us. Unsets the variables, so that no child takes them for its own.

    Raises CannotListen.
    """
    pid, count, names = (environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if not pid or _number("LISTEN_PID", pid) != os.getpid():
        return NOTHING
    number = _number("LISTEN_FDS", count)
    named = names.split(":") if names else [""] * number
    if len(named) != number:
        raise CannotListen(f"LISTEN_FDNAMES: {names!r} does not name as many as LISTEN_FDS says, {number}")
    doors, metrics = [], []
    with ExitStack() as undo:
        for descriptor, name in enumerate(named, first):
            one = undo.enter_context(_listening(descriptor))
            (metrics if name == METRICS else doors).append(one)
        undo.pop_all()
    return Handed(tuple(doors), tuple(metrics))


def _number(variable: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 7:
        raise CannotListen(f"{variable}: must be a whole number, not {text!r}")
    return int(text)


def _listening(descriptor: int) -> socket.socket:
    try:
        one = socket.socket(fileno=descriptor)
    except OSError as problem:
        raise CannotListen(f"LISTEN_FDS: descriptor {descriptor} is no socket: {problem.strerror}") from None
    is_tcp = one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM
    if not is_tcp or not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        one.detach()  # it is not ours
        raise CannotListen(f"LISTEN_FDS: descriptor {descriptor} is no TCP socket that listens")
    one.set_inheritable(False)
    one.setblocking(False)
    return bounded(one)


def tell_systemd(state: str) -> None:
    """`READY=1`, `STOPPING=1`: to whoever listens at NOTIFY_SOCKET; nothing happens where nobody does."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] in ("/", "@"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
            sender.setblocking(False)
            sender.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
