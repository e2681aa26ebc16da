"""Tornado's HTTP server, as an Entrance needs it."""

from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

from handlers.kept_readers import KeptReaders


class EntranceServer(HTTPServer):
    """A server before an Entrance, which hears of the end of connections too: Tornado's own keeps it to itself. And
    without Tornado's timers: the Entrance looks at all connections once a second, a timer for each request costs a
    tenth of it."""

    def initialize(self, *args: Any, **options: Any) -> None:
        super().initialize(*args, **options)
        self.conn_params.header_timeout = self.conn_params.body_timeout = None
        self._kept_readers = KeptReaders(IOLoop.current())

    def handle_stream(self, stream: IOStream, address: tuple) -> None:
        stream.io_loop = self._kept_readers
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self.request_callback.on_close(server_conn)

    async def serve_out(self, grace_s: float) -> None:
        """After `stop`: answer those who came before it; each connection ends with the next answer."""
        self.conn_params.no_keep_alive = True  # and they are told so
        await self.request_callback.serve_out(grace_s)
