"""Who comes in and who must leave: tokens become grants, and open sockets end when the right behind them does."""

import asyncio
import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from events import Unavailable
from handlers.limits import Limits
from models import Store, accounts, rights
from models import sources as source_rows
from models.audit import AuditEntry
from models.rights import Grant
from models.sources import Source

CACHED_KEYS = 10_000
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")  # anything else is not asked of the database, which may not take it (NUL)
KNOWN_TICKETS = 10_000  # a minute's worth, and more, of the pages that one process serves
MINUTE = 60_000_000  # µs

log = logging.getLogger(__name__)


class OpenSocket(Protocol):
    """A connection that lives on a right."""

    grant: Grant
    kind: str

    def revoked(self, *, is_signed_out: bool) -> None:
        """The right has ended, or (`is_signed_out`) only the session of someone who may come back: say so and close."""

    def going_away(self) -> None:
        """The server stops: say so and close."""


class Gate:
    """Keys are looked up once and then known until some right changes anywhere, which `poll` notices.

    No token is kept, only its hash. Tokens that were never right are limited by the address they come from, so that
    one program with a wrong key does not shut out the others of its office.
    """

    def __init__(self, store: Store, limits: Limits):
        self._store, self._limits = store, limits
        self._keys: OrderedDict[str, Grant | None] = OrderedDict()  # None: was right, and is to be looked up again
        self._asking: dict[tuple[str, str], asyncio.Task[Grant | None]] = {}  # what is being looked up, and for whom
        self._tickets: OrderedDict[str, None] = OrderedDict()  # that were issued here and not brought yet
        self._sources: dict[tuple[str, str | int], Source] = {}  # by kind and endpoint, or organisation
        self._used_at: dict[int, int] = {}
        self._inside: set[OpenSocket] = set()
        self._unchecked: set[OpenSocket] = set()
        self._version = 0
        self.arriving: set[asyncio.Task] = set()  # admissions, for which `close` waits too: they still read the store
        self.is_closing = False

    async def key(self, token: str, address: str) -> Grant | None:
        """What the key allows; None if it allows nothing (any more). Raises TooMany."""
        grant = self._keys.get(rights.hashed(token)) or await self._look_up(token, address)
        return self._used(grant)

    def known_key(self, token: str) -> Grant | None:
        """As `key`, at once; None also where the key would have to be looked up. Raises TooMany."""
        return self._used(self._keys.get(rights.hashed(token)))

    def _used(self, grant: Grant | None) -> Grant | None:
        now = self._store.clock()
        if grant is None or (grant.expires_at is not None and grant.expires_at <= now):
            return None
        self._limits.key_is_used(grant.right[1])
        self._used_at[grant.right[1]] = now - now % MINUTE
        return grant

    async def _look_up(self, token: str, address: str) -> Grant | None:
        if not KEY.match(token):
            self._limits.token_is_tried(address)
            return None
        asked = rights.hashed(token), address
        if (asking := self._asking.get(asked)) is not None:  # a fleet that comes back asks once, and is no flood
            if (grant := await asyncio.shield(asking)) is None:
                self._limits.token_is_tried(address)
            return grant
        asking = self._asking[asked] = asyncio.ensure_future(self._ask(token, address))
        asking.add_done_callback(partial(self._asked, asked))
        return await asyncio.shield(asking)

    def _asked(self, asked: tuple[str, str], asking: asyncio.Task) -> None:
        del self._asking[asked]
        if not asking.cancelled():
            asking.exception()  # nobody may be left to hear of it

    async def _ask(self, token: str, address: str) -> Grant | None:
        version, hashed = self._version, rights.hashed(token)
        question = rights.key_grant, self._store.clock(), token
        was_right, read = hashed in self._keys, self._store.read
        grant = await (read(*question) if was_right else self._try(address, read, *question))
        if grant is None:
            self._keys.pop(hashed, None)
            return None
        self._keys[hashed] = grant if version == self._version else None  # else it may be older than the change
        if len(self._keys) > CACHED_KEYS:
            self._keys.popitem(last=False)
        return grant

    async def _try(self, address: str, ask: Callable[..., Awaitable[Grant | None]], *args: Any) -> Grant | None:
        """The right behind a token: a failure of this address as long as that is unknown, and for good if there is
        none. Raises TooMany."""
        self._limits.token_is_tried(address)
        is_wrong = False
        try:
            grant = await ask(*args)
            is_wrong = grant is None
            return grant
        finally:
            if not is_wrong:
                self._limits.token_was_right(address)

    async def issue_ticket(self, grant: Grant, call_sid: str | None) -> str:
        """A new ticket for this call, or (None) for the feed."""
        ticket = await self._store.write(rights.create_ticket, self._store.clock(), grant, call_sid)
        self._tickets[rights.hashed(ticket)] = None
        if len(self._tickets) > KNOWN_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    async def ticket(self, token: str, call_sid: str | None, address: str) -> Grant | None:
        """The right behind a ticket for this call, or (None) for the feed; the ticket is used up either way.
        Raises TooMany."""
        question = rights.redeem_ticket, self._store.clock(), token, call_sid
        if self._tickets.pop(rights.hashed(token), self) is None:
            return await self._store.write(*question)
        return await self._try(address, self._store.write, *question)  # used, of another node, or guessed

    async def source(self, kind: str, endpoint: str) -> Source | None:
        """The source with this address; changed ones are known as late as changed rights are."""
        source = self._sources.get((kind, endpoint))
        if source is None:
            version = self._version
            source = await self._store.read(source_rows.by_endpoint, kind, endpoint)
            if source is not None and version == self._version:
                self._sources[kind, endpoint] = source
        return source

    async def fed_source(self, organization_id: int, kind: str, made: Callable[[int], AuditEntry]) -> Source:
        """The source that the organisation's producers feed; on first use one is made, with `made(its id)` in the audit
        log. Raises Refused, `source_paused`."""
        source = self._sources.get((kind, organization_id))
        if source is None:
            version = self._version
            source = await self._store.read(source_rows.oldest, organization_id, kind)
            if source is None:
                now = self._store.clock()
                source = await self._store.write(source_rows.made_once, now, organization_id, kind, made)
            if version == self._version:
                self._sources[kind, organization_id] = source
        return source

    def check_stranger(self, token: str | None, address: str) -> None:
        """Raises TooMany where this token would not be looked up at all."""
        if token and not self._is_known(token):
            self._limits.check_failures(address)

    def _is_known(self, token: str) -> bool:
        hashed = rights.hashed(token)
        return hashed in self._keys or hashed in self._tickets

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

    def open_sockets(self) -> Counter[str]:
        """How many there are of each kind."""
        return Counter(socket.kind for socket in self._inside)

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
                self._keys = OrderedDict.fromkeys(self._keys)
                self._sources.clear()
            whom = set(self._unchecked)
            held = await self._store.read(rights.in_force, now, {s.grant.right for s in whom}) if whom else set()
            lost = {s.grant.user_id for s in whom if s.grant.right not in held and s.grant.right[0] == "session"}
            still = await self._store.read(accounts.still_active, lost) if lost else set()
        except Unavailable:
            log.debug("rights could not be checked; the next poll tries again")
            return
        self._unchecked -= whom
        for socket in whom & self._inside:
            if socket.grant.right not in held:
                self.leave(socket)
                grant = socket.grant
                socket.revoked(is_signed_out=grant.right[0] == "session" and grant.user_id in still)

    async def remember_use(self) -> None:
        """Once a minute: write down when keys were last used."""
        used_at, self._used_at = self._used_at, {}
        if used_at:
            await self._store.write(rights.touch_keys, used_at)

    async def close(self, grace_s: float, spread_s: float = 0.0) -> None:
        """Tell every open socket that the server goes away, and wait for them to leave. `spread_s`: one after another
        over this time, so that those who come back don't fall on another node all at once."""
        self.is_closing = True
        began_at, leaving = asyncio.get_running_loop().time(), list(self._inside)
        deadline = began_at + grace_s
        for number, socket in enumerate(leaving):
            due = began_at + spread_s * number / len(leaving)
            if (wait := due - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            if socket in self._inside:
                socket.going_away()
        while (self._inside or self.arriving) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 — once
            await asyncio.sleep(0.02)
