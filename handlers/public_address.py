"""Whether a provider on the internet can reach the public URL, as far as the URL itself tells."""

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

LOCAL_NAMES = (".localhost", ".local", ".lan", ".home", ".internal", ".test", ".home.arpa")  # RFC 6761, 6762, 8375


def out_of_reach(public_url: str) -> Literal["local", "plain"] | None:
    """`local`: no provider gets here. `plain`: it does, but unencrypted, for others to read and change."""
    parts = urlsplit(public_url)
    host = (parts.hostname or "").rstrip(".")
    if _is_local(host):
        return "local"
    return "plain" if parts.scheme == "http" else None


def _is_local(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(LOCAL_NAMES)
