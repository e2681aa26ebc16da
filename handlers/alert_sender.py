"""Tells targets outside of alerts: signed, with patience, a few at once, and never into our own network."""

import asyncio
import hashlib
import hmac
import logging
from typing import Any
from urllib.parse import quote

from tornado.httpclient import HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from events import SECOND, Unavailable, encode, rfc3339
from handlers.public_resolver import PrivateAddress, PublicResolver
from metrics import Numbers
from models import Store
from models import alert_deliveries as deliveries
from models.alert_deliveries import Parcel
from rules.alert import alert_data

AT_ONCE = 8  # deliveries, and no two to one target
TIMEOUT_S = 10
RETRY_AFTER_S = (5, 30, 120, 600, 3600)  # an hour and a quarter together: enough for a deployment that went wrong
LEAVE_S = 1  # that a delivery has to end when the server stops

log = logging.getLogger(__name__)


def signature(secret: str, at: int, body: bytes) -> str:
    """The header's value: `t=` seconds since the Unix epoch, `v1=` HMAC-SHA256 in hex of `{t}.{body}`."""
    signed = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class AlertSender:
    """What is to be sent stands in the store, so nothing is lost with this process; it may then be sent twice."""

    def __init__(self, store: Store, *, public_url: str, to_private: bool = False, numbers: Numbers | None = None):
        self._outcomes = (numbers or Numbers()).deliveries
        self._store, self._public_url, self.to_private = store, public_url, to_private
        self._client: SimpleAsyncHTTPClient | None = None
        self._sending: dict[asyncio.Task, Parcel] = {}
        self._looking: asyncio.Task | None = None
        self._is_closing = False

    def wake(self) -> None:
        """There may be something to send: look now, not at the next tick."""
        if self._looking is None and not self._is_closing:
            self._looking = asyncio.create_task(self._look())

    async def tick(self) -> None:
        """Every second: send what is due."""
        self.wake()
        if self._looking is not None:
            await asyncio.wait([self._looking])

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._looking or self._sending:
            await asyncio.wait([*([self._looking] if self._looking else []), *self._sending])

    async def forget_old(self) -> None:
        await self._store.write(deliveries.forget_old, self._store.clock())

    async def close(self) -> None:
        """What is under way has a moment to end; what has not is sent again by the next server."""
        self._is_closing = True
        if self._looking:
            await asyncio.wait([self._looking])
        if self._sending:
            _, late = await asyncio.wait(list(self._sending), timeout=LEAVE_S)
            given_up = [self._sending[task].id for task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            for delivery_id in given_up:
                await self._store.write(deliveries.give_back, self._store.clock(), delivery_id)
        if self._client is not None:
            self._client.close()

    async def _look(self) -> None:
        try:
            now, room = self._store.clock(), AT_ONCE - len(self._sending)
            if room > 0 and await self._store.read(deliveries.is_due, now):
                busy = [parcel.target_id for parcel in self._sending.values()]
                for parcel in await self._store.write(deliveries.take, now, room, busy):
                    task = asyncio.create_task(self._send(parcel))
                    self._sending[task] = parcel
                    task.add_done_callback(self._sent)
        except Unavailable:
            log.debug("deliveries of alerts cannot be looked up; the next tick tries again")
        except Exception:
            log.exception("deliveries of alerts could not be looked up")
        finally:
            self._looking = None

    def _sent(self, task: asyncio.Task) -> None:
        del self._sending[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery could not be noted down", exc_info=error)
        self.wake()  # the same target may have more

    async def _send(self, parcel: Parcel) -> None:
        status, problem = await self._post(parcel)
        now, next_at = self._store.clock(), None
        if problem is not None and parcel.attempts <= len(RETRY_AFTER_S):
            next_at = now + RETRY_AFTER_S[parcel.attempts - 1] * SECOND
        self._outcomes["arrived" if problem is None else "failed" if next_at is None else "retried"] += 1
        try:
            await self._store.write(deliveries.settle, now, parcel.id, status, problem, next_at)
        except Unavailable:
            log.warning("delivery %d could not be noted down: it will be sent again", parcel.id)

    async def _post(self, parcel: Parcel) -> tuple[int | None, str | None]:
        """(status, what went wrong), None for what there is none of."""
        body = encode(self._message(parcel))
        seconds = self._store.clock() // SECOND
        told: list[str] = []  # the answer's header, as it comes: its body is nobody's business, however long
        request = HTTPRequest(
            parcel.url,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Callboard-Delivery": str(parcel.id),
                "Callboard-Signature": signature(parcel.secret, seconds, body),
            },
            body=body,
            user_agent="Callboard",
            connect_timeout=TIMEOUT_S,
            request_timeout=TIMEOUT_S,
            follow_redirects=False,
            decompress_response=False,
            header_callback=told.append,
            streaming_callback=lambda chunk: None,
        )
        problem = None
        try:
            await self._http().fetch(request, raise_error=False)
        except PrivateAddress as error:
            problem = f"Not sent: {error}."
        except Exception as error:  # of whatever kind: what is not noted down would be sent for ever
            problem = f"No answer: {str(error)[:200] or type(error).__name__}"
        status = _status(told)
        if status is None:
            return None, problem or f"No answer within {TIMEOUT_S} s."
        return status, None if 200 <= status < 300 else f"It answered {status}."

    def _http(self) -> SimpleAsyncHTTPClient:
        if self._client is None:
            resolver = PublicResolver(to_private=self.to_private)
            self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=AT_ONCE, resolver=resolver)
        return self._client

    def _message(self, parcel: Parcel) -> dict[str, Any]:
        call, alert = parcel.call, parcel.alert
        message: dict[str, Any] = {
            "type": "alert" if alert else "test",
            "id": str(parcel.id),
            "organization": {"id": parcel.organization_id, "name": parcel.organization_name},
        }
        if alert is None or call is None:
            return message | {"timestamp": rfc3339(self._store.clock())}
        told = alert_data(alert)
        if parcel.with_text:
            told |= {"speaker": parcel.speaker, "content": parcel.content}
        about = {
            "id": call.id,
            "call_sid": call.call_sid,
            "status": call.status,
            "direction": call.direction,
            "assistant_id": call.assistant_id,
            "assistant_name": call.assistant_name,
            "started_at": rfc3339(call.started_at),
            "url": f"{self._public_url}/calls/{quote(call.call_sid, safe='')}",
        }
        return message | {"timestamp": rfc3339(alert.at), "call": about, "alert": told}


def _status(lines: list[str]) -> int | None:
    """Of the final answer: one with 1xx may have come before it."""
    found = [line.split()[1] for line in lines if line.startswith("HTTP/") and len(line.split()) > 1]
    return int(found[-1]) if found and found[-1].isdecimal() else None
