"""A network between a client and its server that can be cut."""

import asyncio
from contextlib import suppress


class Cutter:
    """Listens on a free port of 127.0.0.1, and passes on what comes to and from `port`; `heard` is what came back."""

    def __init__(self, port: int):
        self._port = port
        self.heard = b""
        self.visits = 0
        self._passing: set[asyncio.Task] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Cutter":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_) -> None:
        self._server.close()
        self.cut()
        if self._passing:
            await asyncio.wait(self._passing)

    def cut(self) -> None:
        """Both sides see a reset; what was on its way is lost."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self._passing.add(task := asyncio.current_task())
        task.add_done_callback(self._passing.discard)
        with suppress(OSError):
            back, forth = await asyncio.open_connection("127.0.0.1", self._port)
            both = {writer, forth}
            self._writers |= both
            try:
                await asyncio.gather(self._pass(reader, forth), self._pass(back, writer, listen=True))
            finally:
                self._writers -= both
                for end in both:
                    end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, listen: bool = False) -> None:
        while piece := await reader.read(1 << 16):
            self.heard += piece if listen else b""
            writer.write(piece)
            await writer.drain()
        raise ConnectionResetError
