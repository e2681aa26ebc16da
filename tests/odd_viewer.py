"""A viewer that keeps the protocol only where it likes to, and knows what it must be answered."""

import asyncio
import json
import socket
import struct
import time
from typing import Any

from handlers.frames import CLOSE, CONTINUATION, PING, PONG, TEXT
from tests.peers import HANDSHAKE, Peer, client_frame

MAX_BYTES = 4096
KEY = b"\x00\x01\x02\x03"
VIOLATIONS = {
    "reserved bit": (client_frame(b"x", rsv=0x20), 1002),
    "compressed, which was not agreed": (client_frame(b"x", rsv=0x40), 1002),
    "reserved opcode": (client_frame(b"x", 3), 1002),
    "reserved control opcode": (client_frame(b"", 11), 1002),
    "not masked": (b"\x81\x01x", 1002),
    "long ping": (client_frame(b"x" * 126, PING), 1002),
    "fragmented ping": (client_frame(b"x", PING, fin=False), 1002),
    "nothing to continue": (client_frame(b"x", CONTINUATION), 1002),
    "message within a message": (client_frame(b"x", fin=False) + client_frame(b"x"), 1002),
    "length not minimal": (b"\x81\xfe\x00\x01" + KEY + b"x", 1002),
    "length over 63 bits": (b"\x81\xff\xff" + bytes(7) + KEY, 1002),
    "close of one byte": (client_frame(b"\x03", CLOSE), 1002),
    "close code that is not to be sent": (client_frame((1005).to_bytes(2), CLOSE), 1002),
    "close reason not UTF-8": (client_frame(b"\x03\xe8\xff", CLOSE), 1007),
    "text not UTF-8": (client_frame(b"\xff"), 1007),
    "text not UTF-8 in its first fragment": (client_frame(b"\xce\xff", fin=False), 1007),
    "surrogate": (client_frame(b"\xed\xa0\x80"), 1007),
    "binary": (client_frame(b"x", 2), 1003),
    "empty binary": (client_frame(b"", 2), 1003),
    "too big": (client_frame(b"x" * (MAX_BYTES + 1)), 1009),
    "too big by its header": (client_frame(b"x" * 70_000)[:14], 1009),
    "too big together": (client_frame(b"x" * MAX_BYTES, fin=False) + client_frame(b"x", CONTINUATION), 1009),
}


class OddViewer:
    """One connection: what came on it so far is in `seqs`, the answers to what it sent come from `said`."""

    def __init__(self, sock: socket.socket):
        self.sock, self.peer = sock, Peer(sock)
        self.client: str | None = None
        self.wants_interims = True
        self.first_seq = 0  # the one before the first that it is to get
        self.seqs: list[int] = []
        self._sent_at: list[float] = []  # messages, for their limit
        self._barriers = 0

    @classmethod
    async def connect(cls, port: int, path: str, eager: bytes = b"") -> "OddViewer":
        """After the handshake; `eager` is sent in one piece with it."""
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        viewer = cls(sock)
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in HANDSHAKE.items()), "", ""]
        await viewer.peer.send("\r\n".join(lines).encode() + eager)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await viewer.peer._take(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        return viewer

    def count(self, messages: int) -> None:
        self._sent_at += [time.monotonic()] * messages

    @property
    def sent_lately(self) -> int:
        """How many of its messages may count in the server's present second."""
        return sum(time.monotonic() - at < 1.5 for at in self._sent_at)

    async def next(self) -> tuple[int, Any]:
        """The next frame: TEXT is decoded, and the transcripts among it are noted."""
        opcode, payload = await self.peer.frame()
        if opcode != TEXT:
            return opcode, payload
        message = _decoded(payload)
        if "seq" in message:
            self.seqs.append(message["seq"])
        assert self.wants_interims or message["type"] != "transcript" or "seq" in message
        return TEXT, message

    async def said(self, frames: bytes = b"") -> list[dict]:
        """Send the frames; all messages that came until they were dealt with, but for what everyone is told."""
        self._barriers += 1
        mark = f"mark {self._barriers}".encode()
        await self.peer.send(frames + client_frame(mark, PING))
        heard = []
        while True:
            opcode, payload = await self.next()
            if (opcode, payload) == (PONG, mark):
                return heard
            assert opcode in (TEXT, PING, PONG), payload
            if opcode == TEXT and payload["type"] != "transcript":
                heard.append(payload)

    async def history(self) -> tuple[list[dict], dict]:
        """The first messages, which are the same for everyone, up to and with `history_complete`."""
        first = []
        while True:
            opcode, message = await self.next()
            if opcode == PING:
                continue  # the server asks everyone every 25 s, also who came just now
            assert opcode == TEXT, message
            first.append(message)
            if message["type"] in ("history_complete", "error"):
                return first, message

    async def end(self) -> tuple[list[dict], int]:
        """Read to the end of TCP: the messages that still came, but for transcripts, and the close code."""
        heard, code = [], 0
        try:
            while True:
                opcode, payload = await self.next()
                assert not code, "something came after the Close"
                if opcode == CLOSE:
                    code = int.from_bytes(payload[:2])
                    await self.peer.send(client_frame(payload[:2], CLOSE))
                elif opcode == TEXT and payload["type"] != "transcript":
                    heard.append(payload)
        except EOFError:
            self.sock.close()
            return heard, code

    def vanish(self) -> None:
        """A reset, as of a machine that lost its power and came back."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def fragments(text: str, marks: list[int], between: bytes = b"") -> bytes:
    """The message cut at these places, with these control frames between its fragments."""
    raw = text.encode()
    marks = sorted(min(mark, len(raw)) for mark in marks)
    data = b""
    for n, (start, stop) in enumerate(zip([0, *marks], [*marks, len(raw)], strict=True)):
        data += client_frame(raw[start:stop], CONTINUATION if n else TEXT, fin=n == len(marks))
        data += between if n < len(marks) else b""
    return data


def answer_to(message: Any) -> dict:
    """What must be answered to this JSON value, but for the words for people and the time."""
    if not isinstance(message, dict):
        return {"type": "error", "error": "invalid_message"}
    if message.get("type") == "ping":
        return {"type": "pong"} | ({"id": message["id"]} if "id" in message else {})
    if message.get("type") == "request_status":
        return {"type": "call_status"}
    return {"type": "error", "error": "unknown_message_type"}


def _decoded(payload: bytes) -> dict:
    try:
        return json.loads(payload)
    except RecursionError:  # a pong to the deepest of ids
        assert payload.startswith(b'{"type":"pong"')
        return {"type": "pong", "id": "deep"}
