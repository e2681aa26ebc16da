"""A machine of its own for a node, as far as the network goes: a namespace, and a cable to it that can be pulled."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class Network:
    """`here` is this machine's address on it, `there` the one of whoever is run by the words `inside`."""

    def __init__(self) -> None:
        self._name, number = f"callboard{os.getpid()}"[:15], os.getpid() % 60
        self._bridge, self._cable = f"cbb{os.getpid()}", f"cbc{os.getpid()}"
        self.here, self.there = (f"198.18.77.{4 * number + host}" for host in (1, 2))  # RFC 2544: for tests
        self.inside = ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        within = ("-n", self._name)
        _ip("netns", "add", self._name)
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("address", "add", f"{self.here}/30", "dev", self._bridge)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        _ip("link", "set", self._cable, "master", self._bridge)
        _ip(*within, "address", "add", f"{self.there}/30", "dev", "eth0")
        for words in (("link", "set", self._bridge), ("link", "set", self._cable)):
            _ip(*words, "up")
        for name in ("lo", "eth0"):
            _ip(*within, "link", "set", name, "up")

    def unplug(self) -> None:
        """Nothing gets through, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def plug(self) -> None:
        _ip("link", "set", self._cable, "up")

    def remove(self) -> None:
        for words in (
            ("link", "delete", self._bridge),
            ("link", "delete", self._cable),
            ("netns", "delete", self._name),
        ):
            subprocess.run(["ip", *words], check=False, capture_output=True)


@contextmanager
def own_network() -> Iterator[Network]:
    network = Network()
    try:
        network.make()
        yield network
    finally:
        network.remove()


@cache
def may_have_networks() -> bool:
    if os.getuid() != 0 or not shutil.which("ip"):
        return False
    try:
        with own_network():
            return True
    except subprocess.CalledProcessError:
        return False


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
