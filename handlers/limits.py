"""The limits of strangers: how often an address may come and fail, an account be guessed at, a key be used."""

import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from handlers.rate_limit import RateLimit, TooMany

MINUTE_S = 60
KEY_BURST_S = 10  # a fleet that comes back after a restart opens all of its sockets at once
ALL_TOGETHER = 10  # times as many wrong passwords for one account from all addresses as from one


class Limits:
    """All of them, in memory: a restart forgets them, which a flood cannot cause. An IPv6 address counts as its /64,
    which is what one subscriber has (RFC 6177)."""

    def __init__(
        self,
        *,
        attempts_per_address: int = 1200,
        failures_per_address: int = 300,
        passwords_per_account: int = 10,
        requests_per_key: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._attempts = RateLimit(attempts_per_address, MINUTE_S, clock)
        self._failures = RateLimit(failures_per_address, MINUTE_S, clock)
        self._passwords = RateLimit(passwords_per_account, MINUTE_S, clock)
        self._accounts = RateLimit(passwords_per_account * ALL_TOGETHER, MINUTE_S, clock)
        self._keys = RateLimit(requests_per_key * KEY_BURST_S, KEY_BURST_S, clock)

    @property
    def refused(self) -> dict[str, int]:
        """How often each was reached, by its setting."""
        return {
            "attempts_per_address": self._attempts.refused,
            "failures_per_address": self._failures.refused,
            "passwords_per_account": self._passwords.refused + self._accounts.refused,
            "requests_per_key": self._keys.refused,
        }

    def socket_opens(self, address: str) -> None:
        """Counts until `socket_has_right`. Raises TooMany."""
        self._attempts.take(_subscriber(address), "Too many sockets were opened from this address without a right to.")

    def socket_has_right(self, address: str) -> None:
        self._attempts.give_back(_subscriber(address))

    def token_is_tried(self, address: str) -> None:
        """Counts as a failure until `token_was_right`. Raises TooMany."""
        self._failures.take(_subscriber(address), _FAILURES)

    def check_failures(self, address: str) -> None:
        """Raises TooMany where `token_is_tried` would."""
        self._failures.check(_subscriber(address), _FAILURES)

    def token_was_right(self, address: str) -> None:
        self._failures.give_back(_subscriber(address))

    def key_is_used(self, key_id: int) -> None:
        """Raises TooMany."""
        self._keys.take(key_id, "This key is used too often.")

    def password_is_tried(self, email: str, address: str) -> None:
        """Counts as wrong until `password_was_right`. Raises TooMany: nothing was counted then."""
        subscriber, email = _subscriber(address), _account(email)
        self._accounts.check(email, _PASSWORDS)
        self._failures.check(subscriber, _FAILURES)
        self._passwords.take((email, subscriber), _PASSWORDS)
        self._accounts.take(email, _PASSWORDS)
        self._failures.take(subscriber, _FAILURES)

    def password_was_right(self, email: str, address: str) -> None:
        subscriber, email = _subscriber(address), _account(email)
        self._passwords.give_back((email, subscriber))
        self._accounts.give_back(email)
        self._failures.give_back(subscriber)


_FAILURES = "Too many wrong keys, tickets and passwords came from this address."
_PASSWORDS = "Too many wrong passwords were tried for this account."


def _account(email: str) -> str:
    return email.strip().lower()[:254]


@lru_cache(1024)
def _subscriber(address: str) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return address  # a UNIX socket
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))


__all__ = ["Limits", "TooMany"]
