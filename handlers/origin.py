"""Where a request really comes from: proxies that the operator named are believed, nobody else. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

Networks = Sequence[IPv4Network | IPv6Network]


class Origin(NamedTuple):
    address: str
    scheme: str  # http | https


def origin(
    peer: str, scheme: str, *, trusted: Networks, forwarded_for: Sequence[str] = (), forwarded_proto: Sequence[str] = ()
) -> Origin:
    """The client behind the proxies, of all values of `X-Forwarded-For` and `X-Forwarded-Proto` as they came.

    Each proxy appends whom it heard; so from the right, the first address that is none of our proxies is the client's.
    What stands further left was written by the client, and is not looked at. An entry that is no address ends the
    search at the proxy that passed it on.
    """
    address = _address(peer) if trusted else None
    if address is None or not _is_among(address, trusted):
        return Origin(peer, scheme)
    protos = [part.strip().lower() for value in forwarded_proto for part in value.split(",")]
    if protos and protos[-1] in ("http", "https"):  # the last one: of the proxy that we know
        scheme = protos[-1]
    for text in reversed([part for value in forwarded_for for part in value.split(",")]):
        heard = _address(text)
        if heard is None:
            break
        address = heard
        if not _is_among(heard, trusted):
            break
    return Origin(str(address), scheme)


@lru_cache(1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Also with a port, as some proxies write it: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    text = text.strip().partition("%")[0]  # without a zone
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def _is_among(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
