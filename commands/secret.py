"""Secrets of the command line: a flag's value, a line of standard input where it is `-`, or the environment's."""

import os
import sys

from settings import SettingError


def read_secret(flag: str, given: str | None, variable: str | None = None) -> str | None:
    """The secret; None where neither the flag nor the variable has one. Raises SettingError, which never shows it."""
    source = flag
    if given is None:
        source = variable or flag
        given = os.environ.get(variable) or None if variable else None  # an empty variable is an unset one
    if given == "-" and source == flag:
        given, source = _line(flag), f"{flag} -"
    if given is not None and (not given or not given.isprintable()):  # which undecodable bytes are not either
        raise SettingError(f"{source}: must be of printable characters, at least one")
    return given


def read_token(given: str | None) -> str:
    """The API key that a client shows. Raises SettingError where there is none, or it cannot be one."""
    token = read_secret("--token", given, "CALLBOARD_TOKEN")
    if token is None:
        raise SettingError("--token: an API key is needed, in CALLBOARD_TOKEN or by standard input (`key create`)")
    if not (token.isascii() and token.replace("_", "").isalnum()):
        raise SettingError("--token: a key is of A-Z a-z 0-9 _ only")
    return token


def _line(flag: str) -> str:
    try:
        line = sys.stdin.buffer.readline() if sys.stdin else b""
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SettingError(f"{flag} -: standard input is not UTF-8") from None
