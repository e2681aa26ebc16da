"""Between a store and its PostgreSQL: lets everything through, but for the answer to one COMMIT of the store."""

import contextlib
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query of the frontend/backend protocol
ENTRIES = b"INSERT INTO entry "


class Proxy:
    """`url` leads through it. After `cut.set()` the next COMMIT that keeps entries is passed on, and unanswered.

    Its connection dies. COMMITs of others, the search index's say, come and go meanwhile.
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        self._server = parts.hostname, parts.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"postgres@127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.cut = threading.Event()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, work: Callable[..., None], *args) -> None:
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        silent = threading.Event()
        with client, socket.create_connection(self._server) as server:
            asking = threading.Thread(target=self._ask, args=(client, server, silent), daemon=True)
            asking.start()
            while (answered := _read(server)) and not silent.is_set():  # committed, and nobody hears of it
                client.sendall(answered)
            for sock in (client, server):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            asking.join()

    def _ask(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        keeps = False
        while asked := _read(client):
            keeps |= ENTRIES in asked
            if COMMIT in asked:
                if keeps and self.cut.is_set():
                    self.cut.clear()
                    silent.set()
                keeps = False
            server.sendall(asked)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _read(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1 << 16)
    except OSError:
        return b""
