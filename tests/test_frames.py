"""RFC 6455 framing, without any I/O."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Decoder,
    Violation,
    close_frame,
    frame,
    is_close_code,
    masked,
)
from tests.peers import KEY, client_frame

LIMIT = 1000


def outcome(pieces, limit: int = LIMIT):
    """All that comes of the pieces, and the code of the violation that ended them, or None."""
    decoder, items = Decoder(limit), []
    try:
        for piece in pieces:
            for item in decoder.feed(piece):
                items.append(item)
    except Violation as violation:
        return items, violation.code
    return items, None


def cut(data: bytes, places) -> list[bytes]:
    marks = sorted({min(place, len(data)) for place in places})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]


@pytest.mark.parametrize("size", [*range(10), 125, 4095, 4096, 4097, 4098, 4099, 65536])
def test_masking_xors_each_byte_with_its_byte_of_the_key(size):
    payload = bytes(i * 7 & 255 for i in range(size))
    assert masked(payload, KEY) == bytes(byte ^ KEY[i % 4] for i, byte in enumerate(payload))


@pytest.mark.parametrize(
    "size, head",
    [
        (0, "8100"),
        (125, "817d"),
        (126, "817e007e"),
        (65535, "817effff"),
        (65536, "817f0000000000010000"),
    ],
)
def test_a_frame_has_the_shortest_length_and_no_mask(size, head):
    payload = b"x" * size
    assert frame(payload) == bytes.fromhex(head) + payload
    assert outcome([client_frame(payload)], 1 << 20) == ([(TEXT, "x" * size)], None)


def test_the_examples_of_the_rfc_are_understood():
    assert frame(b"Hello") == bytes.fromhex("810548656c6c6f")
    assert outcome([bytes.fromhex("818537fa213d7f9f4d5158")]) == ([(TEXT, "Hello")], None)


def test_a_close_frame_carries_its_code_and_reason():
    assert close_frame(1000) == bytes.fromhex("880203e8")
    assert close_frame(1011, "bye") == bytes.fromhex("880503f3") + b"bye"


def test_a_long_close_reason_is_cut_between_characters():
    closing = close_frame(1000, "x" + "é" * 100)
    assert closing[4:].decode() == "x" + "é" * 61
    assert closing[1] == len(closing) - 2 <= 125


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 34463, 65536])
def test_a_close_code_that_must_not_be_sent_is_refused(code):
    assert not is_close_code(code)
    with pytest.raises(ValueError, match=str(code)):
        close_frame(code)
    if code < 65536:
        assert outcome([client_frame(code.to_bytes(2), CLOSE)]) == ([], 1002)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
def test_a_close_code_that_may_be_sent_is_taken(code):
    payload = code.to_bytes(2) + "größe".encode()
    assert outcome([client_frame(payload, CLOSE)]) == ([(CLOSE, payload)], None)


VIOLATIONS = {
    "not masked": (frame(b"Hello"), 1002),
    "not masked, not even begun": (frame(b"Hello")[:2], 1002),
    "RSV1": (client_frame(b"x", rsv=0x40), 1002),
    "RSV2": (client_frame(b"x", rsv=0x20), 1002),
    "RSV3": (client_frame(b"", PING, rsv=0x10), 1002),
    **{f"opcode {opcode}": (client_frame(b"", opcode), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping of 126 bytes": (client_frame(b"x" * 126, PING), 1002),
    "close of 126 bytes": (client_frame(b"\x03\xe8" + b"x" * 124, CLOSE), 1002),
    "fragmented ping": (client_frame(b"x", PING, fin=False), 1002),
    "fragmented close": (client_frame(b"", CLOSE, fin=False), 1002),
    "continuation of nothing": (client_frame(b"x", CONTINUATION), 1002),
    "unfinished continuation of nothing": (client_frame(b"x", CONTINUATION, fin=False), 1002),
    "message within a message": (client_frame(b"x", fin=False) + client_frame(b"x"), 1002),
    "message within an empty fragment's": (client_frame(b"", fin=False) + client_frame(b"x", BINARY), 1002),
    "125 in 16 bits": (b"\x81\xfe\x00\x7d" + KEY, 1002),
    "65535 in 64 bits": (b"\x81\xff" + (65535).to_bytes(8) + KEY, 1002),
    "0 in 64 bits": (b"\x81\xff" + bytes(8) + KEY, 1002),
    "64-bit length with its highest bit": (b"\x82\xff\x80" + bytes(7) + KEY, 1002),
    "close of one byte": (client_frame(b"\x03", CLOSE), 1002),
    "close reason that is not UTF-8": (client_frame(b"\x03\xe8\xff", CLOSE), 1007),
    "text that is not UTF-8": (client_frame(b"\xce\xba\xff"), 1007),
    "text that ends within a character": (client_frame(b"\xce"), 1007),
    "surrogate in text": (client_frame(b"\xed\xa0\x80"), 1007),
    "fragmented text that ends within a character": (
        client_frame(b"\xce", fin=False) + client_frame(b"", CONTINUATION),
        1007,
    ),
    "message over the limit": (client_frame(b"x" * (LIMIT + 1)), 1009),
    "fragments over the limit": (
        client_frame(b"x" * LIMIT, BINARY, fin=False) + client_frame(b"x", CONTINUATION, fin=False),
        1009,
    ),
}


@pytest.mark.parametrize("offence", VIOLATIONS)
def test_a_violation_has_its_code(offence):
    data, code = VIOLATIONS[offence]
    assert outcome([data]) == ([], code)
    assert outcome([data[i : i + 1] for i in range(len(data))]) == ([], code)


def test_what_came_before_a_violation_is_still_told():
    data = client_frame(b"one") + client_frame(b"two", PING) + client_frame(b"", 3)
    assert outcome([data]) == ([(TEXT, "one"), (PING, b"two")], 1002)


def test_a_message_over_the_limit_is_judged_by_its_header():
    header = client_frame(b"x" * (LIMIT + 1))[:8]
    assert outcome([header]) == ([], 1009)
    second = client_frame(b"x", CONTINUATION)[:6]
    assert outcome([client_frame(b"x" * LIMIT, fin=False), second]) == ([], 1009)


def test_a_message_of_exactly_the_limit_is_taken():
    text = "x" * LIMIT
    assert outcome([client_frame(text.encode())]) == ([(TEXT, text)], None)
    halves = client_frame(b"x" * 500, fin=False) + client_frame(b"x" * 500, CONTINUATION)
    assert outcome([halves]) == ([(TEXT, text)], None)


def test_the_limit_counts_each_message_anew():
    data = client_frame(b"x" * 600, fin=False) + client_frame(b"", CONTINUATION)
    assert outcome([data * 3]) == ([(TEXT, "x" * 600)] * 3, None)


def test_bad_text_fails_before_its_fragments_are_complete():
    assert outcome([client_frame(b"\xce\xba\xff", fin=False)]) == ([], 1007)


def test_bad_text_fails_before_its_frame_is_complete():
    assert outcome([client_frame(b"\xce\xba\xff" + b"x" * 100)[:9]]) == ([], 1007)


def test_a_character_may_be_cut_by_fragments_and_reads():
    data = client_frame("κ".encode()[:1], fin=False) + client_frame("κό".encode()[1:], CONTINUATION)
    assert outcome([data[i : i + 1] for i in range(len(data))]) == ([(TEXT, "κό")], None)


def test_binary_need_not_be_text():
    data = client_frame(b"\xff\x00", BINARY, fin=False) + client_frame(b"\xce", CONTINUATION)
    assert outcome([data]) == ([(BINARY, b"\xff\x00\xce")], None)


def test_control_frames_may_stand_between_fragments():
    data = (
        client_frame(b"a", fin=False)
        + client_frame(b"1", PING)
        + client_frame(b"", CONTINUATION, fin=False)
        + client_frame(b"2", PONG)
        + client_frame(b"b", CONTINUATION)
    )
    assert outcome([data]) == ([(PING, b"1"), (PONG, b"2"), (TEXT, "ab")], None)


def test_what_follows_a_close_is_ignored():
    closing = client_frame(b"", CLOSE)
    assert outcome([client_frame(b"a") + closing + b"\xff" * 50]) == ([(TEXT, "a"), (CLOSE, b"")], None)


def test_all_frames_of_one_read_come_at_once():
    decoder = Decoder(LIMIT)
    assert list(decoder.feed(client_frame(b"a") * 500)) == [(TEXT, "a")] * 500


def test_nothing_is_kept_between_messages():
    decoder = Decoder(1 << 20)
    may_differ = {"_key", "_opcode", "frames_done", "messages_done"}
    fresh = {name: getattr(decoder, name) for name in Decoder.__slots__ if name not in may_differ}
    data = client_frame(b"x" * 70000, fin=False) + client_frame(b"y", CONTINUATION)
    for piece in cut(data, range(0, len(data), 1000)):
        list(decoder.feed(piece))
    assert {name: getattr(decoder, name) for name in fresh} == fresh
    assert (decoder.is_within_frame, decoder.is_within_message) == (False, False)
    assert (decoder.frames_done, decoder.messages_done) == (2, 1)


payloads = st.one_of(st.text(max_size=300), st.binary(max_size=300))


@st.composite
def conversations(draw):
    """The bytes of some messages, fragmented and with control frames between, and what they say."""
    data, said = b"", []
    for payload in draw(st.lists(payloads, max_size=5)):
        opcode = TEXT if isinstance(payload, str) else BINARY
        raw = payload.encode() if isinstance(payload, str) else payload
        pieces = cut(raw, draw(st.lists(st.integers(0, 300), max_size=3)))
        for i, piece in enumerate(pieces):
            if draw(st.booleans()):
                control, body = draw(st.sampled_from([PING, PONG])), draw(st.binary(max_size=125))
                data += client_frame(body, control)
                said.append((control, body))
            is_last = i == len(pieces) - 1
            key = draw(st.binary(min_size=4, max_size=4))
            data += client_frame(piece, CONTINUATION if i else opcode, fin=is_last, key=key)
        said.append((opcode, payload))
    return data, said


@given(conversations(), st.lists(st.integers(0, 3000), max_size=20))
def test_however_the_bytes_are_cut_they_say_the_same(conversation, places):
    data, said = conversation
    assert outcome(cut(data, places)) == (said, None)


@given(conversations(), st.binary(min_size=1, max_size=40), st.lists(st.integers(0, 3000), max_size=20))
def test_however_garbage_is_cut_it_ends_the_same(conversation, garbage, places):
    data = conversation[0] + garbage + conversation[0]
    assert outcome(cut(data, places)) == outcome([data])
