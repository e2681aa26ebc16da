"""Inputs that are nearly right: bytes, JSON and forms, changed in a few places. All chance comes from the caller's."""

import json
from random import Random
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

LONG = b"a" * 32_769
TEXTS = (
    *(b"", b" ", b"\x00", b"\x1f", b"\x7f", b"\n", b"\r\n", b"\t", b"\\", b'"', b"'", b"%", b"&", b"=", b"+", b"//"),
    *("\u0085", "\u2028", "\u202e", "\ufeff", "\ufffd", "\uffff", "é", "e\u0301", "١", "😀", "\U0010ffff"),
    *(b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xce", b"\xf0\x9f"),
    *(b"null", b"true", b"false", b"NaN", b"Infinity", b"-0", b"0", b"1", b"-1", b"1.5", b"1e999", b"5e-324", b"0x1"),
    *(b"127", b"128", b"255", b"256", b"32768", b"65536", b"2147483647", b"2147483648", b"9007199254740993"),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"9" * 19, b"9" * 400, b"1_0"),
    *(b"2026-11-05T09:00:00Z", b"1999-12-31T23:59:59.999999Z", b"2099-12-31T23:59:59.999999999Z", b"2026-W45-4"),
    *(b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"2026-11-05 09:00", b"20261105T090000", b"24:00"),
    *(b"Thu, 05 Nov 2026 09:00:00 +0000", b"Thu, 05 Nov 2099 09:00:00 -0000", b"5 Nov 26 9:0 EST", b"1793869200"),
    *(b"user", b"assistant", b"in-progress", b"completed", b"ringing", b"inbound_track", b"transcription-content"),
    *(b"a" * 35, b"a" * 36, b"a" * 64, b"a" * 65, b"a" * 128, b"a" * 129, b"a" * 255, b"a" * 256),
)
TOKENS = tuple(text.encode() if isinstance(text, str) else text for text in TEXTS)
RARE_TOKENS = (LONG, LONG[:-1], "ü".encode() * 16_384, b"[" * 1200, b'{"a":' * 1200, b"9" * 5000, b"\\u0000" * 3000)
# What is not JSON, or only just: written into a document as it stands.
SCRAPS = (
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\x"', "NaN", "-Infinity", "1e999", "-0.0"),
    *("1e-400", "0.1e1", "01", "1.", "9" * 400, "[" * 60 + "]" * 60, '{"a":' * 33 + "1" + "}" * 33, "", "}", "nul"),
)


class Scrap(NamedTuple):
    text: str


class Pairs(list):
    """A JSON object as its pairs, so that a name may come twice."""


def token(chance: Random) -> bytes:
    return chance.choice(TOKENS if chance.random() < 0.97 else RARE_TOKENS)


def vary_bytes(chance: Random, data: bytes, other: bytes = b"") -> bytes:
    """Flip, insert, delete, double, cut; or the beginning of this and the end of another."""
    for _ in range(1 + int(chance.expovariate(0.8))):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        end = min(end, at + 40)
        match chance.randrange(8):
            case 0 if data:
                at = chance.randrange(len(data))
                data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            case 1:
                data = data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at:]
            case 2:
                data = data[:at] + data[end:]
            case 3:
                data = data[:end] + data[at:]
            case 4:
                data = data[:at] + token(chance) + data[at:]
            case 5:
                data = data[:at] + token(chance) + data[end:]
            case 6:
                data = data[:at]
            case 7:
                data = data[:at] + other[chance.randint(0, len(other)) :]
    return data


def vary_json(chance: Random, data: bytes) -> bytes:
    """One or a few values or names of the document changed; bytes, where it is none."""
    try:
        document = json.loads(data, object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return vary_bytes(chance, data)
    for _ in range(1 + int(chance.expovariate(1))):
        document = _vary_value(chance, document)
    return _written(chance, document).encode("utf-8", "surrogatepass")


def _vary_value(chance: Random, value):
    if isinstance(value, Pairs) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        name, part = value[at]
        match chance.randrange(12):
            case 0:
                del value[at]
            case 1:
                value.insert(chance.randint(0, len(value)), (name, _value(chance)))
            case 2:
                value[at] = (_text(chance), part)
            case 3:
                value.append((_text(chance), _value(chance)))
            case 4:
                value[at] = (name, value[chance.randrange(len(value))][1])
            case _:
                value[at] = (name, _vary_value(chance, part))
        return value
    if isinstance(value, list) and not isinstance(value, Pairs) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        if chance.random() < 0.2:
            return value * chance.choice((0, 2, 3))
        value[at] = _vary_value(chance, value[at])
        return value
    if isinstance(value, str) and chance.random() < 0.4:
        return vary_bytes(chance, value.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
    return _value(chance)


def _value(chance: Random):
    match chance.randrange(10):
        case 0:
            return chance.choice((None, True, False, [], Pairs(), [[]], 0, 1, -1, 0.5, -0.0, 1e308))
        case 1:
            return chance.choice((2**31 - 1, 2**31, 2**53, 2**53 - 1, -(2**53), 2**63 - 1, 2**63, 2**64, 10**30))
        case 2 | 3:
            return Scrap(chance.choice(SCRAPS))
        case 4:
            return [_value(chance) for _ in range(chance.randrange(4))]
        case 5:
            return Pairs((_text(chance), _value(chance)) for _ in range(chance.randrange(4)))
        case 6:
            return chance.uniform(-2, 2) * 10 ** chance.randint(-5, 20)
    return _text(chance)


def _text(chance: Random) -> str:
    return token(chance).decode("utf-8", "surrogateescape")


def _written(chance: Random, value) -> str:
    if isinstance(value, Scrap):
        return value.text
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{_written(chance, name)}:{_written(chance, part)}" for name, part in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(chance, part) for part in value) + "]"
    if isinstance(value, str) and chance.random() < 0.3:  # unescaped, as most programs write it
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
    return json.dumps(value)


def vary_form(chance: Random, data: bytes) -> bytes:
    """One or a few fields of a form or query changed, JSON in them too."""
    fields = data.split(b"&")
    for _ in range(1 + int(chance.expovariate(0.8))):
        at = chance.randrange(len(fields))
        name, _, value = fields[at].partition(b"=")
        match chance.randrange(10):
            case 0 if len(fields) > 1:
                del fields[at]
            case 1:
                fields.insert(chance.randint(0, len(fields)), name + b"=" + _quoted(chance, token(chance)))
            case 2:
                fields[at] = name + b"=" + fields[chance.randrange(len(fields))].partition(b"=")[2]
            case 3:
                fields[at] = vary_bytes(chance, fields[at])
            case 4 | 5:
                fields[at] = name + b"=" + _quoted(chance, token(chance))
            case 6 | 7:
                plain = unquote_to_bytes(value.replace(b"+", b" "))
                vary = vary_json if plain[:1] in (b"{", b"[") else vary_bytes
                fields[at] = name + b"=" + _quoted(chance, vary(chance, plain))
            case 8:
                chance.shuffle(fields)
            case 9:
                fields[at] = fields[at].replace(b"=", b"", 1)
    return b"&".join(fields)


def _quoted(chance: Random, plain: bytes) -> bytes:
    return quote_from_bytes(plain, safe="").encode() if chance.random() < 0.8 else plain
