"""Passwords: slow to check on purpose, so in a thread of their own, a few at a time, and not too often."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from events import Unavailable
from handlers.limits import Limits
from models import Store, accounts
from models.accounts import Hashed, User

MAX_WAITING = 40  # some two seconds of one core; beyond it whoever comes is told to come again


class Passwords:
    """argon2 takes some 50 ms of a core: neither the IOLoop nor the database's threads wait for it."""

    def __init__(self, store: Store, limits: Limits):
        self._store, self._limits = store, limits
        self._thread = ThreadPoolExecutor(1, "password")
        self._waiting = 0

    async def sign_in(self, email: str, password: str, address: str) -> User | None:
        """The user, if active and this is the password; takes the same time where there is no such user.

        Raises TooMany, after too many wrong ones for the account or from the address, and Unavailable."""
        self._limits.password_is_tried(email, address)
        is_wrong = False
        try:
            user, hashed = await self._store.read(accounts.credentials, email)
            is_wrong = not await self._slowly(accounts.fits, hashed, password)
            return None if is_wrong else user
        finally:
            if not is_wrong:
                self._limits.password_was_right(email, address)

    async def hashed(self, password: str) -> Hashed:
        """What is stored of it. Raises Refused where it is too short, and Unavailable."""
        return await self._slowly(accounts.hashed, password)

    def close(self) -> None:
        self._thread.shutdown()

    async def _slowly(self, work: Callable[..., Any], *args: Any) -> Any:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many people sign in just now.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        finally:
            self._waiting -= 1
