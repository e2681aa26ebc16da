"""How every word reads its arguments: errors in one line, help with an example, and the checks that values share."""

import argparse
import sys
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

from settings import add_flags

# Frozen: the one file of `make binary`, which needs no Python.
PROGRAM = "callboard" if getattr(sys, "frozen", False) else ".venv/bin/python server.py"
NAME_CHARS = 255  # what the producer API takes as an assistant's name
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, NUL among them; undecodable bytes; line breaks


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line of stderr, exit 2; takes no abbreviations, which later flags would break."""

    def __init__(self, **options):
        super().__init__(**options, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (--help tells more)\n")


def add_family(words: argparse._SubParsersAction, name: str, help: str) -> argparse._SubParsersAction:
    """A word that another word follows."""
    family = words.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    return family.add_subparsers(metavar="WORD", required=True)


def add_command(
    words: argparse._SubParsersAction, name: str, run: Callable, help: str, *, says: str, example: str
) -> Parser:
    """The parser of a command, to add flags to; `says` is its page, `run(options, settings)` does it. The example says
    `python server.py`, and is shown as it is to be typed here."""
    shown = _indented(example.replace("python server.py", PROGRAM))
    command = words.add_parser(name, help=help, description=says, epilog=f"example:\n{shown}")
    command.set_defaults(run=run, parser=command)
    return command


def on_database(command: Parser, *settings: str) -> None:
    """The settings' flags, of a command that opens the database."""
    add_flags(command, "database_url", *settings)


def name(text: str) -> str:
    """The text without blanks around it, fit to be stored and shown."""
    text = text.strip()
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    if len(text) > NAME_CHARS:
        raise argparse.ArgumentTypeError(f"must not be longer than {NAME_CHARS} characters")
    if any(unicodedata.category(c) in _UNWRITABLE for c in text):
        raise argparse.ArgumentTypeError(f"must not contain control characters, as {text!a} does")
    return text


def server_url(text: str) -> str:
    """`ws://host:8000` of `http://host:8000/`: the base under which a server's sockets are."""
    try:
        parts = urlsplit(text)
        fits = parts.hostname and text.isascii() and text.isprintable() and " " not in text and parts.port != 0
    except ValueError:
        fits = False
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme) if fits else None
    if scheme is None or parts.username is not None or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError("must be http(s)://host or ws(s)://host, perhaps with a port, and no more")
    return parts._replace(scheme=scheme, path=parts.path.rstrip("/")).geturl()


def add_server_flags(command: Parser) -> None:
    """`--url` and `--token`, of a command that speaks to a server."""
    text = "the server, http(s):// or ws(s)://; without it CALLBOARD_PUBLIC_URL, else http://localhost:8000"
    command.add_argument("--url", type=server_url, help=text)
    text = "an API key; - reads it from standard input, CALLBOARD_TOKEN is better than a flag that others can see"
    command.add_argument("--token", help=text)


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines())
