"""Who comes in and who must leave: tokens become grants, and open sockets end when the right behind them does."""

import asyncio
import logging
import re
from collections import OrderedDict
from typing import Protocol

from events import Unavailable
from models import Store, rights
from models.rights import Grant

CACHED_KEYS = 10_000
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")  # anything else is not asked of the database, which may not take it (NUL)
MINUTE = 60_000_000  # µs

log = logging.getLogger(__name__)


class OpenSocket(Protocol):
    """A connection that lives on a right."""

    grant: Grant

    def revoked(self) -> None:
        """The right has ended: say so and close."""

    def going_away(self) -> None:
        """The server stops: say so and close."""


class Gate:
    """Keys are looked up once and then known until some right changes anywhere, which `poll` notices.

    No token is kept, only its hash.
    """

    def __init__(self, store: Store):
        self._store = store
        self._keys: OrderedDict[str, Grant] = OrderedDict()
        self._used_at: dict[int, int] = {}
        self._inside: set[OpenSocket] = set()
        self._unchecked: set[OpenSocket] = set()
        self._version = 0
        self.arriving: set[asyncio.Task] = set()  # admissions, for which `close` waits too: they still read the store
        self.is_closing = False

    async def key(self, token: str) -> Grant | None:
        """What the key allows; None if it allows nothing (any more)."""
        if not KEY.match(token):
            return None
        hashed, now = rights.hashed(token), self._store.clock()
        grant = self._keys.get(hashed)
        if grant is None:
            version = self._version
            grant = await self._store.read(rights.key_grant, now, token)
            if grant is None:
                return None
            if version == self._version:  # else what was read may be older than the change
                self._keys[hashed] = grant
            if len(self._keys) > CACHED_KEYS:
                self._keys.popitem(last=False)
        elif grant.expires_at is not None and grant.expires_at <= now:
            return None
        self._used_at[grant.right[1]] = now - now % MINUTE
        return grant

    async def ticket(self, token: str, call_sid: str | None) -> Grant | None:
        """The right behind a ticket for this call, or (None) for the feed; the ticket is used up either way."""
        return await self._store.write(rights.redeem_ticket, self._store.clock(), token, call_sid)

    async def session(self, cookie: str) -> Grant | None:
        return await self._store.read(rights.session_grant, self._store.clock(), cookie)

    def enter(self, socket: OpenSocket) -> None:
        self._inside.add(socket)
        self._unchecked.add(socket)
        if self.is_closing:
            socket.going_away()

    def leave(self, socket: OpenSocket) -> None:
        self._inside.discard(socket)
        self._unchecked.discard(socket)

    async def poll(self) -> None:
        """Twice a second: end the sockets whose right has gone.

        All are looked at where rights changed anywhere or one has expired, else those that came since the last
        poll: their right may have ended between its look-up and `enter`.
        """
        now = self._store.clock()
        try:
            version = await self._store.read(rights.rights_version)
            expired = any(s.grant.expires_at is not None and s.grant.expires_at <= now for s in self._inside)
            if version != self._version or expired:
                self._unchecked |= self._inside
            if version != self._version:
                self._version = version  # at once: what `key` is reading now may be older than the change
                self._keys.clear()
            whom = set(self._unchecked)
            held = await self._store.read(rights.in_force, now, {s.grant.right for s in whom}) if whom else set()
        except Unavailable:
            log.warning("rights could not be checked; the next poll tries again")
            return
        self._unchecked -= whom
        for socket in whom & self._inside:
            if socket.grant.right not in held:
                self.leave(socket)
                socket.revoked()

    async def remember_use(self) -> None:
        """Once a minute: write down when keys were last used."""
        used_at, self._used_at = self._used_at, {}
        if used_at:
            await self._store.write(rights.touch_keys, used_at)

    async def close(self, grace_s: float) -> None:
        """Tell every open socket that the server goes away, and wait for them to leave."""
        self.is_closing = True
        for socket in list(self._inside):
            socket.going_away()
        deadline = asyncio.get_running_loop().time() + grace_s
        while (self._inside or self.arriving) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 — once
            await asyncio.sleep(0.02)
