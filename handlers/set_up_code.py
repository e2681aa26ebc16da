"""The set-up code: who can read the server's console may make the first user, and nobody else."""

import asyncio
import hmac
import logging
import secrets

from models import Store, accounts

_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without 0 O 1 I L, which are read as each other
LENGTH = 8  # 40 bits: at the rate below, tens of thousands of years
SLOWEST_S = 5.0  # what a wrong code costs at most; a typing error costs half a second
MAX_WAITING = 20  # wrong codes that are being slowed down at once; beyond it nothing is compared

log = logging.getLogger(__name__)


class TooManyWrongCodes(Exception):
    """Others guess just now: nothing was compared."""


class SetUp:
    """Whether this database still waits for its first user, and the code that allows to make them."""

    def __init__(self, store: Store):
        self._store = store
        self._is_over = False
        self._wrong = self._waiting = 0
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
        self.code = f"{letters[:4]}-{letters[4:]}"

    async def is_due(self) -> bool:
        """Users are never deleted: once there is one, nobody asks the database again."""
        if not self._is_over:
            self._is_over = await self._store.read(accounts.has_users)
        return not self._is_over

    async def fits(self, given: str) -> bool:
        """Whether this is the code, however it is spaced and in whatever case. A wrong one is answered late, each later
        than the one before. Raises TooManyWrongCodes."""
        if self._waiting >= MAX_WAITING:
            raise TooManyWrongCodes
        plain = "".join(given.split()).replace("-", "").upper()
        if hmac.compare_digest(plain.encode(), self.code.replace("-", "").encode()):
            return True
        self._wrong += 1
        log.warning("%d wrong set-up codes so far", self._wrong)
        self._waiting += 1
        try:
            await asyncio.sleep(min(self._wrong * 0.5, SLOWEST_S))
        finally:
            self._waiting -= 1
        return False
