"""RFC 6455 framing: whole messages out of a client's bytes, and a server's frames. Pure; no sockets, no Tornado."""

import codecs
from collections.abc import Callable, Iterator
from typing import Protocol

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
COMPRESSED = 0x40  # RSV1, where it was agreed (RFC 7692 §6): joined with the opcode of a message's first frame

_CONTROL_BYTES = 125  # §5.5: the longest payload of a control frame
_SENDABLE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})  # §7.4.1 and IANA's register
_WIDE_BYTES = 4096  # from about here four strided translations beat one XOR of two long integers
_XOR = tuple(bytes(byte ^ key for byte in range(256)) for key in range(256))  # 64 KiB, once


class Violation(Exception):
    """What a client sent breaks the protocol: `code` and `reason` are what the Close frame should say."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code, self.reason = code, reason


class Inflater(Protocol):
    """Undoes the compression of one message."""

    def inflate(self, piece: bytes, is_last: bool) -> bytes:
        """What the next piece says. Raises Violation: 1007, 1009."""


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole unmasked frame, as a server sends it (§5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2) + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A Close frame (§5.5.1); a reason over 123 bytes is cut between characters.

    Raises ValueError for a code that must not be sent, such as 1005 or 1006.
    """
    if not is_close_code(code):
        raise ValueError(f"{code} is not a close code that may be sent")
    text = reason.encode()[: _CONTROL_BYTES - 2].decode(errors="ignore")
    return frame(code.to_bytes(2) + text.encode(), CLOSE)


def is_close_code(code: int) -> bool:
    """Whether a Close frame may carry this code (§7.4)."""
    return code in _SENDABLE_CODES or 3000 <= code < 5000


def masked(payload: bytes, key: bytes) -> bytes:
    """The payload XORed with the repeated four-byte key, which both masks and unmasks (§5.3)."""
    size = len(payload)
    if size < _WIDE_BYTES:
        keys = (key * (size // 4 + 1))[:size]
        return (int.from_bytes(payload, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")
    result = bytearray(payload)
    for i in range(4):
        result[i::4] = payload[i::4].translate(_XOR[key[i]])
    return bytes(result)


class Decoder:
    """Turns one client's bytes, however they are cut, into whole messages; strict, and nothing is kept while idle.

    `inflater` makes an Inflater for a message of at most so many bytes; None where compression was not agreed.
    `frames_done` and `messages_done` tell one unfinished frame or message from the next.
    """

    __slots__ = (
        *("_inflating", "_is_final", "_key", "_left", "_make_inflater", "_max_message_bytes", "_message", "_opcode"),
        *("_rest", "_utf8", "frames_done", "messages_done"),
    )

    def __init__(self, max_message_bytes: int, inflater: Callable[[int], Inflater] | None = None):
        self._max_message_bytes = max_message_bytes
        self._make_inflater = inflater
        self._inflating: Inflater | None = None  # of a compressed message that is being read
        self._rest = b""  # the start of a frame: an incomplete header or control frame, never more than that
        self._left = 0  # payload bytes still to come of the data frame that is being read
        self._key = b""  # its mask, turned so that it fits the next byte
        self._is_final = True  # its FIN bit
        self._opcode = TEXT  # of the message that is, or was last, being read: TEXT or BINARY
        self._message: bytearray | None = None  # what has come of an unfinished message, unmasked
        self._utf8: codecs.IncrementalDecoder | None = None  # checks text while it is unfinished
        self.frames_done = 0
        self.messages_done = 0  # only of those that did not come in one piece

    @property
    def is_within_frame(self) -> bool:
        return bool(self._left or self._rest)

    @property
    def is_within_message(self) -> bool:
        return self._message is not None

    def feed(self, data: bytes) -> Iterator[tuple[int, str | bytes]]:
        """Each whole message and control frame that these bytes complete, in order.

        `(TEXT, str)`, `(BINARY, bytes)`, and `(CLOSE | PING | PONG, bytes)`, the payload; a Close's code and reason
        have been checked, and what follows it is ignored. Iterate to the end before feeding more.
        Raises Violation after what came before it: 1002, 1007, 1009 (judged from the header, before the payload).
        """
        if self._rest:
            data, self._rest = self._rest + data, b""
        position, end = 0, len(data)
        if self._left:
            position = min(self._left, end)
            if (message := self._add(data[:position])) is not None:
                yield message
        while position < end:
            start = position
            head = _header(data, start, self._make_inflater is not None)
            if head is None:
                break
            first, size, position = head
            opcode = first & 0xF
            key, payload = data[position - 4 : position], data[position : position + size]
            position += len(payload)
            if opcode < CLOSE:
                self._begin(first, size, key)
                if (message := self._add(payload)) is not None:
                    yield message
            elif len(payload) < size:
                position = start
                break
            else:
                payload = masked(payload, key)
                self.frames_done += 1
                if opcode == CLOSE:
                    _check_close(payload)
                    yield opcode, payload
                    return
                yield opcode, payload
        self._rest = data[position:]

    def _begin(self, first: int, size: int, key: bytes) -> None:
        """The header of a data frame has come."""
        opcode, limit = first & 0xF, self._max_message_bytes
        if opcode == CONTINUATION:
            if self._message is None:
                raise Violation(1002, "nothing to continue")
            total = size + len(self._message)
        else:
            if self._message is not None:
                raise Violation(1002, "message within a message")
            total, self._opcode = size, opcode
            if first & COMPRESSED:
                self._inflating = self._make_inflater(limit)
        slack = 0 if self._inflating is None else (limit >> 10) + 64  # what DEFLATE adds to what it cannot compress
        if total > limit + slack:
            raise Violation(1009, f"message over {limit} bytes")
        self._is_final, self._left, self._key = bool(first & 0x80), size, key

    def _add(self, piece: bytes) -> tuple[int, str | bytes] | None:
        """The next bytes of a data frame have come: the message, if they were its last ones."""
        size = len(piece)
        self._left -= size
        plain = masked(piece, self._key)
        self.frames_done += not self._left
        is_whole = self._is_final and not self._left
        if self._inflating is not None:
            plain = self._inflating.inflate(plain, is_whole)
            if is_whole:
                self._inflating = None
        if self._message is None:
            if is_whole:  # in one piece, as nearly all come
                return self._opcode, _text(plain) if self._opcode == TEXT else plain
            self._message = bytearray()
            self._utf8 = codecs.getincrementaldecoder("utf-8")() if self._opcode == TEXT else None
        self._key = self._key[size & 3 :] + self._key[: size & 3]
        self._message += plain
        if self._utf8 is not None:
            try:
                self._utf8.decode(plain, is_whole)
            except UnicodeDecodeError:
                raise Violation(1007, "text is not UTF-8") from None
        if not is_whole:
            return None
        message, self._message, self._utf8 = self._message, None, None
        self.messages_done += 1
        return self._opcode, _text(message) if self._opcode == TEXT else bytes(message)


def _header(data: bytes, start: int, may_be_compressed: bool) -> tuple[int, int, int] | None:
    """The first byte, payload size and where the payload begins, four bytes of key before it; None while incomplete."""
    if len(data) - start < 2:
        return None
    first, second = data[start], data[start + 1]
    opcode, size, position = first & 0xF, second & 0x7F, start + 2
    if first & 0x70 and not (may_be_compressed and first & 0x70 == COMPRESSED and opcode in (TEXT, BINARY)):
        raise Violation(1002, "reserved bit set")
    if opcode & 0x7 > 2:
        raise Violation(1002, "reserved opcode")
    if not second & 0x80:
        raise Violation(1002, "frame is not masked")
    if opcode >= CLOSE and (size > _CONTROL_BYTES or not first & 0x80):
        raise Violation(1002, "control frame is too long or fragmented")
    if size > 125:
        width = 2 if size == 126 else 8
        if len(data) - position < width:
            return None
        size = int.from_bytes(data[position : position + width])
        position += width
        if size < 126 or (width == 8 and not 1 << 16 <= size < 1 << 63):
            raise Violation(1002, "length is not minimal" if size < 1 << 16 else "length over 63 bits")
    if len(data) - position < 4:
        return None
    return first, size, position + 4


def _check_close(payload: bytes) -> None:
    """§5.5.1: empty, or a code that may be sent and a reason in UTF-8."""
    if payload and (len(payload) == 1 or not is_close_code(int.from_bytes(payload[:2]))):
        raise Violation(1002, "close code is not allowed")
    _text(payload[2:])


def _text(plain: bytes | bytearray) -> str:
    try:
        return str(plain, "utf-8")
    except UnicodeDecodeError:
        raise Violation(1007, "text is not UTF-8") from None
