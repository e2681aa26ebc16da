"""An Entrance with a clock that a test moves, before a small application; and peers that do as they like."""

import asyncio
import json

from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from handlers.entrance import Entrance
from handlers.entrance_server import EntranceServer
from patience import PATIENCE_S
from peers import raw
from strangers import Stopped

LONGEST = 1 << 20


class Hall:
    """An Entrance on a free port of 127.0.0.1 with a clock that the test moves, before an application that answers
    `/` with the size of the body, `/big` with more than a kernel takes, and `/late` once it is told to."""

    def __init__(self, **options):
        self.clock, self.may_answer, self.ended = Stopped(), asyncio.Event(), []
        hall = self

        class Size(RequestHandler):
            def get(self):
                self.finish(str(len(self.request.body)))

            post = get

            def on_connection_close(self):
                hall.ended.append(self.request.path)

        class Big(Size):
            async def get(self):
                for _ in range(40):
                    self.write(b"x" * (1 << 20))
                    await self.flush()

        class Late(Size):
            async def post(self):
                await hall.may_answer.wait()
                self.finish(str(len(self.request.body)))

        application = Application([("/", Size), ("/big", Big), ("/late", Late)], log_function=lambda _: None)
        self.entrance = Entrance(application, **{"max_bytes": LONGEST, "clock": self.clock} | options)
        self.server = EntranceServer(self.entrance, max_body_size=1 << 62, max_header_size=16 << 10)
        (listener,) = bind_sockets(0, "127.0.0.1")
        self.port = listener.getsockname()[1]
        self.server.add_sockets([listener])

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.may_answer.set()
        self.server.stop()
        await self.server.close_all_connections()

    def peer(self):
        return raw(self.port)

    async def served(self, stack):
        """A peer that has been served once, and stays until the stack is closed."""
        peer = await stack.enter_async_context(self.peer())
        assert (await peer.request({"Host": "x"}))[0] == 200
        return peer

    @property
    def visits(self):
        return len(self.entrance._visits)

    async def visited(self, number):
        await until(lambda: self.visits == number)

    async def after(self, seconds):
        self.clock.at += seconds
        self.entrance.tick()


async def until(holds):
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.005)


async def rest(peer):
    """All that comes until the end."""
    data = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while piece := await peer.read():
                data += piece
    except ConnectionResetError:
        pass
    return data


async def is_closed(peer):
    return await rest(peer) == b""


def refusal(data, status):
    """The code in a refusal of the house's shape."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert int(lines[0].split()[1]) == status, lines
    assert headers["content-type"] == "application/json; charset=utf-8" and headers["connection"] == "close"
    assert int(headers["content-length"]) == len(body)
    told = json.loads(body)
    assert set(told) == {"error", "detail"} and told["detail"] == told["error"]["message"]
    return told["error"]["code"], headers


def post(*headers, path="/"):
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()
