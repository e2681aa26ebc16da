"""Settings: one frozen object, read once from flags and environment, and passed down as plain values.

FIELDS is the one table of them: it makes the flags, the help, the environment's names and the README's table.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PREFIX = "CALLBOARD_"
FILE = "_FILE"  # after a variable's name: the file that has the value, as containers are given secrets


class SettingError(Exception):
    """A value that cannot be; the message is one line and names the setting."""


class Field(NamedTuple):
    name: str
    parse: Callable[[str], Any]
    default: str
    help: str

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if text.strip().isdecimal() else None
        if value is None or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return parse


def _port_or_none(text: str) -> int | None:
    return _whole(0, 65535)(text) if text else None


def _database_url(text: str) -> str:
    parts = urlsplit(text)
    is_file = parts.path.strip("/") not in ("", ":memory:")  # threads would each have a memory of their own
    if parts.scheme == "sqlite" and is_file and not (parts.netloc or parts.query):
        return text
    if parts.scheme in ("postgresql", "postgres") and parts.path.strip("/") and parts.port != 0:
        return text.replace("postgres://", "postgresql://", 1)
    raise ValueError("must be sqlite:///file.db, sqlite:////absolute/file.db or postgresql://user@host/name")


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    if text and not (parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0):
        raise ValueError("must be redis://host or rediss://host, perhaps with user, password, port and /number")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    is_base = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if text and (not is_base or parts.query or parts.fragment):
        raise ValueError("must be http://host or https://host, perhaps with a port")
    return text.rstrip("/")


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(_plain(ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, with commas between them") from None


def _plain(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """IPv4 written as IPv6, `::ffff:10.0.0.0/104`, as IPv4: so are the addresses that it is compared with."""
    first = network.network_address
    if isinstance(first, IPv6Address) and first.ipv4_mapped and network.prefixlen >= 96:
        return IPv4Network((first.ipv4_mapped, network.prefixlen - 96))
    return network


def _path(text: str) -> str:
    return text


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be debug, info, warning or error")
    return text.upper()


def _log_format(text: str) -> str:
    if text not in ("text", "json"):
        raise ValueError("must be text or json")
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
        raise ValueError("must be 1 or 0")
    return text.lower() in ("1", "true", "yes", "on")


FIELDS = (
    Field("port", _whole(0, 65535), "8000", "TCP port to listen on; 0 takes a free one"),
    Field("address", str, "localhost", "address to listen on; 0.0.0.0 for all of IPv4, :: for all"),
    Field("database_url", _database_url, "sqlite:///callboard.db", "where everything is stored"),
    Field("redis_url", _redis_url, "", "Redis or Valkey between several nodes on one PostgreSQL; empty: none"),
    Field(
        "public_url", _public_url, "", "what browsers and providers reach this server by; empty: http://localhost:PORT"
    ),
    Field("viewers_per_call", _whole(1, 10_000), "10", "viewers that one call may have at once"),
    Field("messages_per_second", _whole(1, 100_000), "100", "messages that one viewer may send in a second"),
    Field("compression", _switch, "0", "whether viewers may have messages compressed (permessage-deflate); 1: yes"),
    Field(
        "tls_certificate", _path, "", "file with the certificate and its chain (PEM); with tls_key: serve https, wss"
    ),
    Field("tls_key", _path, "", "file with the certificate's private key (PEM, without a passphrase)"),
    Field("trusted_proxies", _networks, "", "addresses or networks, with commas, whose X-Forwarded-For is believed"),
    Field(
        *("attempts_per_address", _whole(1, 1_000_000), "1200"),
        "sockets that one address may open in a minute without a valid key or ticket; beyond it 429",
    ),
    Field(
        *("failures_per_address", _whole(1, 1_000_000), "300"),
        "wrong keys, tickets and passwords from one address in a minute; beyond it 429 to keys not seen before",
    ),
    Field(
        *("passwords_per_account", _whole(1, 1_000_000), "10"),
        "wrong passwords for one account from one address in a minute (ten times as many from all together)",
    ),
    Field("requests_per_key", _whole(1, 1_000_000), "1000", "requests and sockets of one key in a second, on average"),
    Field(
        "quiet_timeout", _whole(1, 10_000_000), "7200", "seconds of quiet after which a call nobody ended has failed"
    ),
    Field(
        *("alerts_to_private_addresses", _switch, "0"),
        "whether alerts may be sent to this machine and its network, and without https; 1: yes",
    ),
    Field("shutdown_grace", _whole(0, 3600), "5", "seconds that open connections get to leave when the server stops"),
    Field("log_level", _level, "info", "least important lines to log: debug, info, warning, error"),
    Field("log_format", _log_format, "text", "how lines of the log look: text, or json, an object in each line"),
    Field("metrics_port", _port_or_none, "", "TCP port of /metrics, for whoever reaches it; empty: none"),
    Field("metrics_address", str, "localhost", "address of that port"),
    Field("demo", _switch, "1", "whether `run` plays demo calls, where it found an empty database; --no-demo, 0: no"),
)


class Settings(NamedTuple):
    port: int
    address: str
    database_url: str
    redis_url: str
    public_url: str
    viewers_per_call: int
    messages_per_second: int
    compression: bool
    tls_certificate: str
    tls_key: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    attempts_per_address: int
    failures_per_address: int
    passwords_per_account: int
    requests_per_key: int
    quiet_timeout: int
    alerts_to_private_addresses: bool
    shutdown_grace: int
    log_level: str
    log_format: str
    metrics_port: int | None
    metrics_address: str
    demo: bool


def add_flags(parser: argparse.ArgumentParser, *names: str) -> None:
    """The flags of these settings, of all where none is named; each says its variable and default in the help."""
    group = parser.add_argument_group("settings (a flag goes before its environment variable)")
    for field in FIELDS:
        if not names or field.name in names:
            default = f"; default {field.default}" if field.default else ""
            text = f"{field.help} [{field.variable}{default}]"
            value = {"dest": field.name, "metavar": "VALUE", "help": text.replace("%", "%%")}
            if field.parse is _switch:
                group.add_argument(
                    f"--no{field.flag[1:]}", dest=field.name, action="store_const", const="0", help="off"
                )
                value |= {"nargs": "?", "const": "1"}
            group.add_argument(field.flag, **value)


def _given(field: Field, flags: argparse.Namespace, environment: Mapping[str, str]) -> tuple[str, str]:
    """(where it comes from, the text)"""
    if (given := getattr(flags, field.name, None)) is not None:
        return field.flag, given
    if (path := environment.get(field.variable + FILE)) is None:
        return field.variable, environment.get(field.variable, field.default)
    if field.parse is _path:  # else the key in the file would be taken for the name of one, and told in an error
        raise SettingError(f"{field.variable + FILE}: give {field.variable}, which names a file already")
    if field.variable in environment:
        raise SettingError(f"{field.variable} and {field.variable + FILE}: give one of them")
    try:
        return field.variable + FILE, Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, ValueError) as problem:  # ValueError: it is not UTF-8, or the path cannot be one
        why = getattr(problem, "strerror", None) or "not a file of UTF-8"
        raise SettingError(f"{field.variable + FILE}: cannot be read: {why}") from None


def read_settings(flags: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """Flag, else environment, else default. Raises SettingError."""
    values = {}
    for field in FIELDS:
        source, text = _given(field, flags, environment)
        try:
            values[field.name] = field.parse(text)
        except ValueError as error:
            is_secret = "@" in text or source.endswith(FILE)  # a URL's password, a file's content: for nobody's log
            raise SettingError(f"{source}: {error}" + ("" if is_secret else f", not {text!r}")) from None
    if values["redis_url"] and values["database_url"].startswith("sqlite"):
        raise SettingError("--redis-url: several nodes share a PostgreSQL (--database-url); SQLite is for one alone")
    if bool(values["tls_certificate"]) != bool(values["tls_key"]):
        raise SettingError("--tls-certificate and --tls-key: give both or neither")
    if not values["public_url"]:
        scheme = "https" if values["tls_certificate"] else "http"
        values["public_url"] = f"{scheme}://localhost:{values['port']}"
    elif values["tls_certificate"] and not values["public_url"].startswith("https"):
        raise SettingError("--public-url: must be https, because a certificate is given")
    return Settings(**values)
