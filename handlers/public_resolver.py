"""Names to addresses, but only to public ones: so that nobody has this server send requests into its own network.

Asked when a connection is made, and the connection goes to what it answers: a name that has another address a moment
later leads nowhere else.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from tornado.netutil import DefaultLoopResolver

_NAT64 = IPv6Network("64:ff9b::/96")  # IPv4 addresses, written as IPv6 by networks that have only that


class PrivateAddress(OSError):
    """The name leads to this machine or its network."""


class PublicResolver(DefaultLoopResolver):
    def initialize(self, *, to_private: bool = False) -> None:
        """`to_private`: any address will do."""
        self._to_private = to_private

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[tuple]:
        """Raises PrivateAddress, socket.gaierror."""
        found: list[tuple[int, Any]] = await super().resolve(host, port, family)
        if self._to_private:
            return found
        public = [(kind, address) for kind, address in found if is_public(address[0])]
        if not public:
            raise PrivateAddress(f"{host} is not a public address")
        return public


def is_public(text: str) -> bool:
    """Whether an IP address is one of the Internet's: not of this machine, its network, or any special use."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(map(_is_public, _inside(address) or [address]))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    is_special = (
        *(address.is_private, address.is_loopback, address.is_link_local, address.is_multicast),
        *(address.is_reserved, address.is_unspecified),
    )
    return address.is_global and not any(is_special)


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for: it leads where they lead."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]
