"""An echo server for conformance suites: `python -m handlers.conformance PORT`, on 127.0.0.1, for anyone."""

import asyncio
import sys
from collections.abc import Awaitable

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application

from handlers.connection import Connection
from handlers.deflate import deflated
from handlers.frames import BINARY, TEXT, frame
from handlers.websocket import UpgradeHandler

MAX_MESSAGE_BYTES = 16 << 20  # the longest message of Autobahn's section 9


class EchoHandler(UpgradeHandler):
    """WS /: every message comes back."""

    allows_compression = True

    def connected(self, stream: IOStream) -> None:
        """Echo until the client closes; what it does not read holds back what it may send."""

        def echo(message: str | bytes) -> Awaitable | None:
            is_text = isinstance(message, str)
            answer = frame(message.encode() if is_text else message, TEXT if is_text else BINARY)
            if connection.window_bits:  # short ones, too: kosoku 0.1 cannot read plain text where compression is agreed
                answer = deflated(answer, connection.window_bits, everything=True)
            connection.send(answer, is_deflated=True)
            return connection.drained() if connection.unsent_bytes else None

        connection = Connection(
            stream,
            max_message_bytes=MAX_MESSAGE_BYTES,
            on_message=echo,
            on_close=lambda: None,
            accepts_binary=True,
            window_bits=self.window_bits,
        )


async def main(port: int) -> None:
    """Serve until interrupted; port 0 is any free one, and the first line of output tells which."""
    (listener,) = bind_sockets(port, "127.0.0.1")
    HTTPServer(Application([("/", EchoHandler)], log_function=lambda handler: None)).add_socket(listener)
    print(f"listening on ws://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
