"""Several servers in processes of their own, on one PostgreSQL and one Redis, behind a proxy by a file of deploy/."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from certificates import make_certificate
from patience import PATIENCE_S
from postgres import free_port
from proxies import Proxy
from remote import Remote
from tests.crash.journal import Violation
from tests.crash.load import Place
from tests.crash.log import furnish
from tests.crash.server_process import ServerProcess

NOT_COMMITTED = "writes were not committed"  # what a node has to say when its database leaves it


class Host(NamedTuple):
    """Where a node runs: by default on this machine."""

    address: str = "127.0.0.1"
    before: Sequence[str] = ()  # the words of a command that runs it there


HERE = (Host(), Host(), Host())
SERVER = {"haproxy": "server node{number} {address}", "nginx": "server {address};"}  # a line of the proxy's file


class Nodes(list[ServerProcess]):
    """The nodes by number, from 0. `proxy` leads to one that answers; `place` and `places` let clients in: by the
    proxy, and by each of the nodes themselves."""

    def __init__(
        self, folder: Path, database_url: str, redis_url: str | None, proxy: str, hosts: Sequence[Host], settings: dict
    ):
        certificate = make_certificate(folder)
        self.proxy = Proxy(proxy, folder, certificate)
        settings = {"public_url": self.proxy.url, "trusted_proxies": "127.0.0.1", "shutdown_grace": 2} | settings
        if redis_url:
            settings["redis_url"] = redis_url
        ports = [self.proxy.behind, *(free_port() for _ in hosts[1:])]
        for number, (port, host) in enumerate(zip(ports, hosts, strict=True), 1):
            errors = folder / f"node{number}.errors"
            own = {"address": host.address, "before": host.before}
            self.append(ServerProcess(database_url, port, errors, **own, **settings))
            if number > 1:
                line = SERVER[proxy].format
                example = line(number=number, address=f"192.0.2.1{number}:8000")
                self.proxy.change((f"# {example}", line(number=number, address=f"{host.address}:{port}")))
        let_in = furnish(database_url)
        self.place = Place(self.proxy.url, *let_in, certificate.client_context)
        self.places = [Place(node.url, *let_in) for node in self]

    def client(self, number: int) -> Remote:
        """Speaks to this node itself."""
        return Remote(self[number].url, self.place.key)

    async def start(self, *numbers: int) -> None:
        """These nodes, or all of them; return once they listen."""
        chosen = [self[number] for number in numbers or range(len(self))]
        await asyncio.gather(*(node.start() for node in chosen))
        await asyncio.gather(*(node.is_up() for node in chosen))

    async def are_ready(self, *numbers: int) -> None:
        """Return once these nodes, or all of them, say that they can do everything."""
        urls = [self[number].url for number in numbers or range(len(self))]
        async with asyncio.timeout(PATIENCE_S):
            for url in urls:
                await _answers(url)

    async def close(self) -> None:
        self.proxy.stop()
        for node in self:
            await node.kill()
            node.close()


@asynccontextmanager
async def running_nodes(
    folder: Path,
    database_url: str,
    redis_url: str | None = None,
    *,
    proxy: str = "haproxy",
    hosts: Sequence[Host] = HERE,
    excused: str | None = None,
    **settings: object,
) -> AsyncIterator[Nodes]:
    """At most three nodes and their proxy, up and ready; they end with the block. Raises Violation then, where a node
    has logged something that must not happen at all; lines with the `excused` words are no such thing."""
    nodes = Nodes(folder, database_url, redis_url, proxy, hosts, settings)
    try:
        await nodes.start()
        await nodes.are_ready()
        await asyncio.to_thread(nodes.proxy.start)
        async with asyncio.timeout(PATIENCE_S):
            await _answers(nodes.place.url, nodes.place.tls)
        yield nodes
    finally:
        await nodes.close()
    if told := [line for node in nodes for line in node.faults() if not (excused and excused in line)]:
        raise Violation(f"the nodes logged {len(told)} faults, the first of them: {told[0]}")


async def _answers(url: str, tls=None) -> None:
    while True:
        request = HTTPRequest(url + "/readyz", ssl_options=tls, request_timeout=5)
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        if answer.code == 200:
            return
        await asyncio.sleep(0.05)
