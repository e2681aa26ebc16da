"""How much of what is sent may wait in the kernel, on every connection that a listening socket accepts."""

import socket

# Linux would take up to 4 MiB for a peer that does not read (net.ipv4.tcp_wmem): memory that we do not see, and of a
# viewer minutes of old interims that can no longer be left out. What is under way to the peer does not count.
UNSENT_BYTES = 128 << 10


def bounded(listening: socket.socket) -> socket.socket:
    """The same socket; what it accepts inherits the bound. Nothing happens where the system has none."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    return listening
