"""The WebSocket decoder: beside a plain one, and fed in pieces, must hear the same; and keep little."""

import zlib
from collections.abc import Sequence
from random import Random
from typing import Any
from zlib import crc32

from handlers.deflate import Inflate
from handlers.frames import BINARY, CLOSE, COMPRESSED, CONTINUATION, PING, PONG, TEXT, Decoder, Violation
from tests.fuzz.frames_reference import heard
from tests.fuzz.mutator import token, vary_bytes
from tests.fuzz.target import Target
from tests.peers import client_frame

LIMIT = 4096
KEPT_BESIDE_A_MESSAGE = 14 + 125 + 64  # a header, a control frame's payload, the mask and the like
CODES = (1000, 1001, 1005, 1006, 1011, 1015, 1016, 2999, 3000, 4999, 5000, 0, 65535)


def _vary(chance: Random, known: Sequence[bytes]) -> bytes:
    if chance.random() < 0.3:
        return vary_bytes(chance, chance.choice(known), chance.choice(known))
    data = _conversation(chance)
    return vary_bytes(chance, data) if chance.random() < 0.2 else data


def _conversation(chance: Random) -> bytes:
    """Some frames, mostly of messages properly cut, and with any number of liberties taken."""
    data, is_open, is_wild = b"", False, chance.random() < 0.4
    for _ in range(chance.randint(1, 6)):
        opcode = CONTINUATION if is_open else chance.choice((TEXT, TEXT, BINARY))
        payload, fin, rsv = _payload(chance), chance.random() < 0.7, 0
        if chance.random() < 0.25:
            opcode, fin, payload = chance.choice((PING, PONG)), True, payload[:125]
        elif chance.random() < 0.05:
            opcode, fin = CLOSE, True
            payload = (chance.choice(CODES).to_bytes(2) + payload[:123])[: chance.choice((0, 1, 2, 125, 125, 125))]
        if is_wild and chance.random() < 0.2:
            opcode, fin = chance.randrange(16), chance.random() < 0.5
            rsv = chance.choice((0, 0, 0x10, 0x20, 0x40))
        if opcode < CLOSE:
            is_open = not fin
        data += client_frame(payload, opcode, fin=fin, rsv=rsv, key=chance.randbytes(4))
    return data


def _payload(chance: Random) -> bytes:
    match chance.randrange(8):
        case 0:
            return b""
        case 1:
            return b"\xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80"[chance.randrange(3) : chance.randrange(10)]
        case 2:
            return b"x" * chance.choice((1, 124, 125, 126, 127, 1000, LIMIT - 1, LIMIT, LIMIT + 1))
        case 3 if chance.random() < 0.05:
            return b"x" * chance.choice((65_535, 65_536))
    return token(chance)[: LIMIT + 1]


def _check(data: bytes) -> str:
    items, code = expected = heard(data, LIMIT)
    assert _outcome([data]) == expected
    chance = Random(crc32(data))
    for _ in range(2):
        marks = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(1, 12)))
        pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
        assert _outcome(pieces) == expected, marks
    if len(data) < 60:
        assert _outcome([data[n : n + 1] for n in range(len(data))]) == expected
    return f"{code} " + "".join(f"{opcode:x}" for opcode, _ in items[:4])


def _outcome(pieces: Sequence[bytes], inflater: Any = None) -> tuple[list[tuple[int, str | bytes]], int | None]:
    decoder, items = Decoder(LIMIT, inflater), []
    try:
        for piece in pieces:
            for item in decoder.feed(piece):
                items.append(item)
            if items and items[-1][0] == CLOSE:
                break
            kept = [getattr(decoder, name) for name in Decoder.__slots__]
            held_bytes = sum(len(value) for value in kept if isinstance(value, bytes | bytearray))
            assert held_bytes <= LIMIT + KEPT_BESIDE_A_MESSAGE, held_bytes
    except Violation as violation:
        assert violation.reason and len(violation.reason.encode()) <= 123
        return items, violation.code
    return items, None


def _vary_deflated(chance: Random, known: Sequence[bytes]) -> bytes:
    """Messages of which some are compressed, and some of those spoilt."""
    if chance.random() < 0.2:
        return vary_bytes(chance, chance.choice(known), chance.choice(known))
    data = b""
    for _ in range(chance.randint(1, 4)):
        payload = _payload(chance) * (100 if chance.random() < 0.02 else 1)
        packer = zlib.compressobj(chance.choice((0, 1, 9)), zlib.DEFLATED, -chance.choice((9, 15)))
        packed = packer.compress(payload)
        packed += (
            packer.flush(zlib.Z_SYNC_FLUSH).removesuffix(b"\0\0\xff\xff") if chance.random() < 0.8 else packer.flush()
        )
        if chance.random() < 0.2:
            packed = vary_bytes(chance, packed)
        marks = sorted(chance.randint(0, len(packed)) for _ in range(chance.choice((0, 0, 1, 3))))
        for n, (start, end) in enumerate(zip([0, *marks], [*marks, len(packed)], strict=True)):
            opcode, rsv = (CONTINUATION, 0) if n else (chance.choice((TEXT, BINARY)), COMPRESSED)
            data += client_frame(packed[start:end], opcode, fin=n == len(marks), rsv=rsv)
    return data if chance.random() < 0.9 else data + _conversation(chance)


def _check_deflated(data: bytes) -> str:
    """The messages are those that a plain decoder hears; which of two offences is noticed may hang on the pieces."""
    items, code = heard(data, LIMIT, may_be_compressed=True)
    for cuts in (0, 1, 8):
        chance = Random(crc32(data) + cuts)
        marks = sorted(chance.randint(0, len(data)) for _ in range(cuts))
        pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
        found, found_code = _outcome(pieces, Inflate)
        if found_code in (1007, 1009):  # that it cannot be inflated may be found out before the message is complete
            assert found == items[: len(found)] and all(opcode >= CLOSE for opcode, _ in items[len(found) :])
        else:
            assert (found, found_code) == (items, code)
    return f"{code} " + "".join(f"{opcode:x}" for opcode, _ in items[:4])


HELLO = client_frame(b"\xf2H\xcd\xc9\xc9\x07\x00", rsv=COMPRESSED)  # RFC 7692 §7.2.3.1
FRAMING = {
    "frames": Target([client_frame(b"Hello"), client_frame(b"\x03\xe8", CLOSE)], _vary, _check),
    "deflated": Target([HELLO], _vary_deflated, _check_deflated),
}
