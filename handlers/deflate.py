"""Compressed messages (permessage-deflate, RFC 7692): what is agreed, and both directions. No sockets, no Tornado.

No side keeps its window from one message to the next: an idle connection holds nothing of zlib, and one compressed form
of a frame is good for all its viewers.
"""

import zlib
from functools import lru_cache
from typing import NamedTuple

from handlers.frames import BINARY, COMPRESSED, Violation, frame

SHORT_BYTES = 256  # shorter payloads go as they are: about a sixth could be saved, of a packet that is sent anyway
_LEVEL = 1  # takes 1.5 ms for the 230 KiB of a large wall where 6 takes 4 ms, and makes 31 KB of it instead of 27
_FLUSH = b"\x00\x00\xff\xff"  # the end of a sync flush, which the wire leaves out (§7.2.1)
_LAST = b"\x01\x00\x00\xff\xff"  # an empty last block: at the end of a message, nothing else ends the stream

_NAME = "permessage-deflate"
_ANSWER = f"{_NAME}; server_no_context_takeover; client_no_context_takeover"
_PARAMETERS = {  # §7.1, and what each may say; None: no value
    "server_no_context_takeover": {None},
    "client_no_context_takeover": {None},
    "server_max_window_bits": {str(bits) for bits in range(9, 16)},  # not 8: zlib can only read it
    "client_max_window_bits": {None, *(str(bits) for bits in range(8, 16))},  # a hint; we can read them all
}


class Agreement(NamedTuple):
    window_bits: int  # 9 to 15, of the window that the server may use
    answer: str  # for Sec-WebSocket-Extensions


def negotiate(header: str) -> Agreement | None:
    """What is agreed to of the client's offers (a Sec-WebSocket-Extensions header): the first that can be kept."""
    for offer in header.split(","):
        name, *parameters = offer.split(";")
        asked = _parameters(parameters) if name.strip() == _NAME else None
        if asked is not None:
            bits = asked.get("server_max_window_bits")
            return Agreement(int(bits or 15), f"{_ANSWER}; server_max_window_bits={bits}" if bits else _ANSWER)
    return None


def _parameters(parts: list[str]) -> dict[str, str | None] | None:
    """The parameters by name; None where one is unknown, repeated, or has a value that it cannot have."""
    found: dict[str, str | None] = {}
    for part in parts:
        name, equals, value = (each.strip() for each in part.partition("="))
        if value[:1] == value[-1:] == '"':
            value = value[1:-1]
        if name in found or (value if equals else None) not in _PARAMETERS.get(name, ()):
            return None
        found[name] = value if equals else None
    return found


def deflated(frames: bytes, window_bits: int, *, everything: bool = False) -> bytes:
    """The same whole frames, compressed those of text and bytes that are not short and gain by it; or else all."""
    pieces, position = [], 0
    while position < len(frames):
        start, opcode, size = position, frames[position] & 0xF, frames[position + 1]
        position += 2
        if size > 125:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[position : position + width])
            position += width
        payload = frames[position : position + size]
        position += size
        whole = frames[start:position]
        if opcode <= BINARY and (everything or size >= SHORT_BYTES):
            packed = _deflate(payload, window_bits)
            if everything or len(packed) < size:
                whole = frame(packed, COMPRESSED | opcode)
        pieces.append(whole)
    return b"".join(pieces)


# What one call's viewers are sent one after the other is compressed once; four, because they may differ in window bits.
deflated_once = lru_cache(maxsize=4)(deflated)


def _deflate(payload: bytes, window_bits: int) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -window_bits)
    packed = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return packed.removesuffix(_FLUSH)


class Inflate:
    """Inflates one message (an Inflater), and never more than `max_bytes` of it, whatever was packed into it."""

    __slots__ = ("_left", "_max_bytes", "_stream")

    def __init__(self, max_bytes: int):
        self._max_bytes = self._left = max_bytes
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    def inflate(self, piece: bytes, is_last: bool) -> bytes:
        """What the next piece says. Raises Violation: 1009 over `max_bytes`, 1007 for what is not DEFLATE."""
        try:
            plain = self._stream.decompress(piece + _FLUSH + _LAST if is_last else piece, self._left + 1)
        except zlib.error:
            raise Violation(1007, "message is not DEFLATE") from None
        self._left -= len(plain)
        if self._left < 0:
            raise Violation(1009, f"message over {self._max_bytes} bytes")
        # a message may end with a last block of its own (§7.2.3.4), and a byte that makes a whole one of the flush's
        after = self._stream.unused_data
        if len(after) > 1 + len(_FLUSH + _LAST) or (is_last and not self._is_ended(after)):
            raise Violation(1007, "message is not DEFLATE")
        return plain

    def _is_ended(self, after: bytes) -> bool:
        return self._stream.eof and after in (b"", _LAST, _FLUSH + _LAST, b"\x00" + _FLUSH + _LAST)
