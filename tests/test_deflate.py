"""What is agreed of compression, and what becomes of messages on either side, without any I/O."""

import os
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.deflate import SHORT_BYTES, Inflate, deflated, deflated_once, negotiate
from handlers.frames import BINARY, CLOSE, COMPRESSED, CONTINUATION, PING, TEXT, Decoder, Violation, frame
from tests.peers import client_frame
from tests.test_frames import cut

LIMIT = 1000
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


def packed(plain: bytes, level: int = 6) -> bytes:
    """As a client compresses a message."""
    compressor = zlib.compressobj(level, wbits=-15)
    return (compressor.compress(plain) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def ended(plain: bytes) -> bytes:
    """As one that ends its messages with a last block (RFC 7692 §7.2.3.4)."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(plain) + compressor.flush()


def compressed(payload: bytes, opcode: int = TEXT, **more) -> bytes:
    return client_frame(payload, opcode, rsv=COMPRESSED, **more)


def outcome(pieces, limit: int = LIMIT):
    decoder, items = Decoder(limit, Inflate), []
    try:
        for piece in pieces:
            for item in decoder.feed(piece):
                items.append(item)
    except Violation as violation:
        return items, violation.code
    return items, None


@pytest.mark.parametrize(
    "offers, window_bits, answer",
    [
        ("permessage-deflate", 15, ANSWER),
        ("permessage-deflate; client_max_window_bits", 15, ANSWER),
        ("permessage-deflate;client_max_window_bits=8", 15, ANSWER),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15, ANSWER),
        ("permessage-deflate; server_max_window_bits=9", 9, ANSWER + "; server_max_window_bits=9"),
        ('permessage-deflate ; server_max_window_bits = "12"', 12, ANSWER + "; server_max_window_bits=12"),
        ("permessage-deflate; server_max_window_bits=15", 15, ANSWER + "; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", 15, ANSWER),
        ("permessage-deflate; unheard_of, permessage-deflate; server_max_window_bits=10", 10, None),
        ("permessage-bzip2, x; y=1, permessage-deflate", 15, ANSWER),
    ],
)
def test_the_first_offer_that_can_be_kept_is_agreed_to(offers, window_bits, answer):
    agreement = negotiate(offers)
    assert agreement == (window_bits, answer or f"{ANSWER}; server_max_window_bits={window_bits}")


@pytest.mark.parametrize(
    "offers",
    [
        *("", ",", ";", "permessage-bzip2", "x-webkit-deflate-frame", "Permessage-Deflate", "permessage-deflate;"),
        "permessage-deflate; unheard_of",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover=",
        'permessage-deflate; client_no_context_takeover=""',
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        *(f"permessage-deflate; server_max_window_bits={bits}" for bits in ("", 7, 8, 16, "09", "+9", "x", '"', '"9')),
        *(f"permessage-deflate; client_max_window_bits={bits}" for bits in ("", 7, 16, "08", "x", "١٠")),
    ],
)
def test_an_offer_that_cannot_be_kept_is_declined(offers):
    assert negotiate(offers) is None


@pytest.mark.parametrize("bits", range(9, 16))
def test_only_messages_that_gain_are_compressed(bits):
    as_they_are = [(b"x" * (SHORT_BYTES - 1), TEXT), (b"", PING), (os.urandom(100_000), BINARY), (b"", CLOSE)]
    plain = [(b"text " * 60, TEXT), *as_they_are, (b"bytes" * 20_000, BINARY)]
    frames = deflated(b"".join(frame(*each) for each in plain), bits)
    assert b"".join(frame(*each) for each in as_they_are) in frames
    assert len(frames) < 102_000
    position, said = 0, []
    while position < len(frames):  # as a client with a window of so many bits reads it
        first, size, width = frames[position], frames[position + 1], 0
        if size > 125:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[position + 2 : position + 2 + width])
        position += 2 + width
        payload = frames[position : position + size]
        position += size
        if first & COMPRESSED:
            payload = zlib.decompressobj(-bits).decompress(payload + b"\0\0\xff\xff")
        said.append((payload, first & 0xF))
    assert said == plain


def test_what_is_sent_to_many_is_compressed_once():
    frames = frame(os.urandom(200).hex().encode())
    before = deflated_once.cache_info()
    assert len({deflated_once(frames, bits) for bits in (15, 12) * 50}) <= 2
    after = deflated_once.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (2, 98)
    assert after.maxsize == 4


@pytest.mark.parametrize(
    "data",
    [
        compressed(bytes.fromhex("f248cdc9c90700")),
        compressed(bytes.fromhex("f248cd"), fin=False) + client_frame(bytes.fromhex("c9c90700"), CONTINUATION),
        compressed(bytes.fromhex("000500faff48656c6c6f00")),
        compressed(bytes.fromhex("f348cdc9c9070000")),
        compressed(bytes.fromhex("f248050000 00ffffcac9c90700")),
        compressed(ended(b"Hello")),
        compressed(b"", fin=False) + client_frame(packed(b"Hello"), CONTINUATION, fin=False) + client_frame(b"", 0),
        client_frame(b"Hello"),
    ],
)
def test_the_examples_of_the_rfc_and_their_like_are_understood(data):
    assert outcome([data]) == ([(TEXT, "Hello")], None)
    assert outcome([data[i : i + 1] for i in range(len(data))]) == ([(TEXT, "Hello")], None)


VIOLATIONS = {
    "compressed continuation": (compressed(b"", fin=False) + compressed(b"", CONTINUATION), 1002),
    "compressed ping": (compressed(b"", PING), 1002),
    "compressed close": (compressed(b"", CLOSE), 1002),
    "RSV1 and RSV2": (client_frame(packed(b"x"), rsv=0x60), 1002),
    "RSV2": (client_frame(b"x", rsv=0x20), 1002),
    "garbage": (compressed(b"\xff" * 50), 1007),
    "plain text": (compressed(b"Hello, Hello"), 1007),
    "broken off": (compressed(packed(b"Hello")[:-3]), 1007),
    "broken off within a stored block": (compressed(bytes.fromhex("000900f6ff48656c6c6f")), 1007),
    "garbage after its last block": (compressed(ended(b"Hello") + b"Hello, Hello"), 1007),
    "another block after its last one": (compressed(ended(b"Hello") + packed(b"x")), 1007),
    "not UTF-8": (compressed(packed(b"\xce\xba\xff")), 1007),
    "not UTF-8, unfinished": (compressed(packed(b"\xce\xba\xff" + b"x" * 50), fin=False), 1007),
    "over the limit": (compressed(packed(b"x" * (LIMIT + 1))), 1009),
    "over the limit by its second frame": (
        compressed(packed(b"x" * LIMIT) + b"\0\0\xff\xff", fin=False) + client_frame(packed(b"x"), CONTINUATION),
        1009,
    ),
    "far over the limit, by its header": (compressed(b"x" * (LIMIT + 100))[:8], 1009),
}


@pytest.mark.parametrize("offence", VIOLATIONS)
def test_a_violation_has_its_code(offence):
    data, code = VIOLATIONS[offence]
    assert outcome([data]) == ([], code)
    assert outcome([data[i : i + 1] for i in range(len(data))]) == ([], code)


@pytest.mark.parametrize("plain", [b"x" * LIMIT, os.urandom(LIMIT)])
def test_a_message_of_exactly_the_limit_is_taken(plain):
    assert outcome([compressed(packed(plain), BINARY)]) == ([(BINARY, plain)], None)


def test_a_deflate_bomb_is_never_unpacked():
    bomb = compressed(packed(bytes(64 << 20), 9), BINARY)
    assert len(bomb) < 70_000
    tracemalloc.start()
    try:
        assert outcome([bomb], 1 << 20) == ([], 1009)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_flood_of_blocks_that_say_nothing_is_done_at_once():
    empty = b"\x00\x00\x00\xff\xff" * 200
    message, decoder = packed(b"x"), Decoder(LIMIT, Inflate)
    assert list(decoder.feed(compressed(empty, fin=False))) == []
    for _ in range(1000):
        assert list(decoder.feed(client_frame(empty, CONTINUATION, fin=False))) == []
    assert list(decoder.feed(client_frame(message, CONTINUATION))) == [(TEXT, "x")]


def test_nothing_is_kept_between_messages():
    decoder = Decoder(1 << 20, Inflate)
    kept = ("_inflating", "_message", "_utf8", "_rest", "_left")
    fresh = [getattr(decoder, name) for name in kept]
    for data in (compressed(packed(b"x" * 5000)), compressed(b"", fin=False) + client_frame(packed(b"y"), 0)):
        assert len([item for piece in cut(data, range(0, len(data), 3)) for item in decoder.feed(piece)]) == 1
        assert [getattr(decoder, name) for name in kept] == fresh


@given(st.text(max_size=300), st.integers(0, 9), st.lists(st.integers(0, 300), max_size=3), st.booleans())
def test_however_a_message_is_compressed_and_cut_it_says_the_same(text, level, places, is_whole):
    pieces = cut(packed(text.encode(), level), places)
    data = compressed(pieces[0], fin=len(pieces) == 1)
    for i, piece in enumerate(pieces[1:], 2):
        data += client_frame(b"", PING) + client_frame(piece, CONTINUATION, fin=i == len(pieces))
    reads = [data] if is_whole else cut(data, range(0, len(data), 7))
    items, code = outcome(reads, 2000)
    assert ([item for item in items if item[0] != PING], code) == ([(TEXT, text)], None)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_however_garbage_is_cut_it_ends_the_same(garbage, places):
    data = compressed(garbage) + client_frame(b"after")
    assert outcome(cut(data, places)) == outcome([data])
