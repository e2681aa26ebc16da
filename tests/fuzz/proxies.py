"""X-Forwarded-For and X-Forwarded-Proto: whom a stranger may pretend to be, which is nobody."""

import re
from ipaddress import ip_address, ip_network
from random import Random

from handlers.origin import Origin, origin
from tests.fuzz.mutator import token, vary_bytes
from tests.fuzz.target import Target, varied_by

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"), ip_network("fd00::/8")]
OURS, STRANGERS = ("10.1.2.3", "127.0.0.1", "fd00::7"), ("203.0.113.9", "2001:db8::1", "10.0.0.1.evil")
PARTS = (*OURS, *STRANGERS, "::ffff:10.9.8.7", "[fd00::1]:443", "203.0.113.9:4711", "10.1.1.1:80", "unknown", "_x", "")


def _vary(chance: Random, data: bytes) -> bytes:
    lines = [
        ",".join(chance.choice(("", " ")) + chance.choice(PARTS) for _ in range(chance.randint(1, 4)))
        for _ in range(chance.randint(1, 3))
    ]
    made = "\n".join(
        [chance.choice(OURS + STRANGERS[:2]), chance.choice(("https", "http", "wss", "http,https")), *lines]
    )
    if chance.random() < 0.3:
        return vary_bytes(chance, made.encode())
    return made.encode() + (token(chance) if chance.random() < 0.1 else b"")


def _check(data: bytes) -> str:
    peer, *values = data.decode("latin1").split("\n")
    protos, values = values[:1], values[1:]
    came = origin(peer, "http", trusted=TRUSTED, forwarded_for=values, forwarded_proto=protos)
    if not _is_ours(peer):
        assert came == Origin(peer, "http"), "a stranger was believed"
        return "stranger"
    ip_address(came.address)
    assert came.scheme in ("http", "https")
    entries = [entry.strip() for value in values for entry in value.split(",")]
    ours = 0  # proxies of ours at the right end
    for entry in reversed(entries):
        if not _is_ours(entry):
            break
        ours += 1
    believed = entries[len(entries) - ours - 1 :] if ours < len(entries) else entries
    named = [came.address in (str(_ip(entry)), entry) for entry in believed]
    assert any(named) or came.address == str(_ip(peer)), "an address further left was believed"
    stranger = _ip(believed[0]) if believed and ours < len(entries) else None
    assert stranger is None or came.address == str(stranger), "our own proxy was taken for the client"
    return f"{ours} {stranger is not None} {came.scheme}"


def _ip(entry: str):
    """The address alone, `[address]`, with a port, or with a zone; None for anything else."""
    entry = entry.strip().partition("%")[0]
    bracketed = re.match(r"\[([^]]*)", entry)
    with_port = re.fullmatch(r"([^:]*):[^:]*", entry)
    found = bracketed or with_port
    try:
        ip = ip_address(found[1] if found else entry)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def _is_ours(entry: str) -> bool:
    ip = _ip(entry)
    return ip is not None and any(ip in network for network in TRUSTED)


PROXIES = {"origin": Target([b"10.1.2.3\nhttps\n203.0.113.9, 10.1.1.1"], varied_by(_vary), _check)}
