"""RFC 6455 as plainly as it can be written: a client's whole bytes, and what a strict server hears. For comparison."""

import codecs
import zlib

TEXT, BINARY, CLOSE = 1, 2, 8


class _Offence(Exception):
    pass


Items = list[tuple[int, str | bytes]]


def heard(data: bytes, limit: int, *, may_be_compressed: bool = False) -> tuple[Items, int | None]:
    """Messages and control frames in order, and the close code of the offence that ended them, or None."""
    items: Items = []
    try:
        _hear(data, limit, items, may_be_compressed)
    except _Offence as offence:
        return items, offence.args[0]
    return items, None


def _hear(data: bytes, limit: int, items: list, may_be_compressed: bool) -> None:
    kind, parts, is_compressed = None, b"", False  # of the message under way
    while len(data) >= 2:
        is_final, rsv, opcode = data[0] >> 7, data[0] >> 4 & 7, data[0] & 15
        is_masked, size, head = data[1] >> 7, data[1] & 127, 2
        if may_be_compressed and rsv == 4 and opcode in (TEXT, BINARY):
            rsv, is_compressed = 0, kind is None or is_compressed
        if rsv or opcode not in (0, 1, 2, 8, 9, 10) or not is_masked:
            raise _Offence(1002)
        if opcode >= 8 and (size > 125 or not is_final):
            raise _Offence(1002)
        if size >= 126:
            head = 4 if size == 126 else 10
            if len(data) < head:
                return
            short, size = size, int.from_bytes(data[2:head])
            if size < (126 if short == 126 else 65536) or size >= 2**63:
                raise _Offence(1002)
        if len(data) < head + 4:
            return
        key, payload, data = data[head : head + 4], data[head + 4 : head + 4 + size], data[head + 4 + size :]
        plain = bytes(byte ^ key[n % 4] for n, byte in enumerate(payload))
        is_whole = len(plain) == size
        if opcode >= 8:
            if not is_whole:
                return
            if opcode == CLOSE:
                _check_close(plain)
            items.append((opcode, plain))
            if opcode == CLOSE:
                return
            continue
        if (opcode == 0) != (kind is not None):
            raise _Offence(1002)
        kind = kind or opcode
        if len(parts) + size > limit + (68 if is_compressed else 0):
            raise _Offence(1009)
        parts += plain
        is_done = bool(is_whole and is_final)
        if is_compressed and is_done:
            parts, is_compressed = _inflated(parts, limit), False
        if kind == TEXT and not is_compressed:
            _check_text(parts, is_done)
        if not is_whole:
            return
        if is_done:
            items.append((kind, parts.decode() if kind == TEXT else parts))
            kind, parts = None, b""


def _inflated(packed: bytes, limit: int) -> bytes:
    """RFC 7692 §7.2.2, and the stream must then be at the end of a block; or have ended itself, as in §7.2.3.4."""
    stream, flush = zlib.decompressobj(-15), b"\x00\x00\xff\xff"
    try:
        plain = stream.decompress(packed + flush, limit + 1)
        if not stream.eof:  # a stored block that is too short takes even this for its own
            plain += stream.decompress(b"\x01" + flush, limit + 1)
            is_whole = stream.eof and not stream.unused_data
        else:
            is_whole = stream.unused_data in (b"", flush, b"\x00" + flush)
    except zlib.error:
        raise _Offence(1007) from None
    if len(plain) > limit:
        raise _Offence(1009)
    if not is_whole:
        raise _Offence(1007)
    return plain


def _check_text(text: bytes, is_done: bool) -> None:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text, is_done)
    except UnicodeDecodeError:
        raise _Offence(1007) from None


def _check_close(plain: bytes) -> None:
    if not plain:
        return
    code = int.from_bytes(plain[:2])
    is_known = code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014) or 3000 <= code <= 4999
    if len(plain) == 1 or not is_known:
        raise _Offence(1002)
    _check_text(plain[2:], True)
