"""Producers of three kinds that send again what was not acknowledged, over however many lives of the server."""

import asyncio
import json
import random
import ssl
from collections.abc import Callable
from typing import NamedTuple

import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from sources.twilio_signature import FORM, sign
from tests.crash.journal import Journal, Violation
from tests.twilio_calls import speech, status

CALLS = 3  # that a producer has at once
LONGEST_CALL = 250  # finals; then it ends and another begins
LONGEST_PAUSE_S = 0.03
UNACKNOWLEDGED = 150
BURSTS = (1, 1, 4, 60)
AWAY = (OSError, websockets.WebSocketException, HTTPClientError)  # the server is dead, or dies just now
AGAIN_S = 0.02
NOT_NOW = (502, 503, 504)  # a server that cannot store just now, or a proxy without one


class Place(NamedTuple):
    """Where the server is, and what lets one in."""

    url: str
    key: str
    webhook: str  # path of a Twilio source
    secret: str
    tls: ssl.SSLContext | None = None  # of its clients, where the URL is https

    @property
    def websocket_url(self) -> str:
        return "ws" + self.url.removeprefix("http")


class Load:
    """What all producers share: the journal, the dice, and what others wait for."""

    def __init__(
        self,
        place: Place,
        journal: Journal,
        chance: random.Random,
        begin_call: Callable[[str], None],
        *,
        calls: int = CALLS,
        longest_call: int = LONGEST_CALL,
        pause_s: float = LONGEST_PAUSE_S,
    ):
        self.place, self.journal, self.chance, self.begin_call = place, journal, chance, begin_call
        self.calls, self.longest_call, self.pause_s = calls, longest_call, pause_s
        self.is_over = False
        self.refused = 0  # that is, told to come again
        self.burst, self.progress = asyncio.Event(), asyncio.Event()
        self.headers = {"Authorization": f"Bearer {place.key}"}

    def promise(self, call_sid: str, content: str, seq: int | None) -> None:
        self.journal.promise(call_sid, content, seq)
        self.progress.set()

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """The answer of success, however often it takes; the last attempt was answered. Raises Violation."""
        request = HTTPRequest(
            self.place.url + path, "POST", headers, body, request_timeout=10, ssl_options=self.place.tls
        )
        while True:
            try:
                return (await AsyncHTTPClient().fetch(request)).body
            except AWAY as problem:
                answer = getattr(problem, "response", None)  # None: not answered
                if answer is not None:
                    if answer.code not in NOT_NOW or "Retry-After" not in answer.headers:
                        raise Violation(f"{path} was answered {answer.code}: {answer.body!r}") from None
                    self.refused += 1
            await asyncio.sleep(AGAIN_S)


class Producer:
    """Has some calls, and says in them what nobody said before."""

    def __init__(self, load: Load, name: str):
        self.load, self.name, self._number = load, name, 0
        self.calls: dict[str, int] = {}  # finals said

    def next_final(self) -> tuple[str, str, str]:
        """(call_sid, segment_id, content): of a new call, or one more; now and then a correction of the one before."""
        if len(self.calls) < self.load.calls:
            self._number += 1
            call_sid = f"CA-{self.name}-{self._number}"
            self.calls[call_sid] = 0
            self.load.begin_call(call_sid)
        else:
            call_sid = self.load.chance.choice(list(self.calls))
        self.calls[call_sid] += 1
        number = self.calls[call_sid]
        segment = number - 1 if number > 1 and self.load.chance.random() < 0.1 else number
        content = f"words {number} of {call_sid}"
        self.load.journal.send(call_sid, content)
        return call_sid, f"s{segment}", content

    def finished_calls(self) -> list[str]:
        """Calls to end now; what was said in them must be stored before."""
        done = [call for call, said in self.calls.items() if said >= self.load.longest_call or self.load.is_over]
        for call_sid in done:
            del self.calls[call_sid]
        return done

    async def pause(self) -> None:
        await asyncio.sleep(self.load.chance.uniform(0, self.load.pause_s))


class RestProducer(Producer):
    async def run(self) -> None:
        json_headers = self.load.headers | {"Content-Type": "application/json"}
        while not (self.load.is_over and not self.calls):
            for call_sid in self.finished_calls():
                path, body = f"/api/v1/calls/sid/{call_sid}/status", b'{"status": "completed"}'
                await self.load.post(path, body, json_headers)
            if self.load.is_over:
                continue
            spoken = [self.next_final() for _ in range(self.load.chance.choice((1, 1, 5)))]
            for call_sid in dict.fromkeys(call_sid for call_sid, _, _ in spoken):
                said = [(segment, content) for call, segment, content in spoken if call == call_sid]
                items = [{"segment_id": segment, "speaker": "user", "content": content} for segment, content in said]
                path, body = f"/api/v1/calls/sid/{call_sid}/transcripts", json.dumps({"transcripts": items})
                answer = json.loads(await self.load.post(path, body.encode(), json_headers))
                if answer["rejected"]:
                    raise Violation(f"{call_sid}: {answer['rejected']} was rejected")
                for (_, content), accepted in zip(said, answer["accepted"], strict=True):
                    self.load.promise(call_sid, content, accepted["seq"])
            await self.pause()


class TwilioProducer(Producer):
    async def run(self) -> None:
        while not (self.load.is_over and not self.calls):
            for call_sid in self.finished_calls():
                await self._post(status("completed", CallSid=call_sid))
            if self.load.is_over:
                continue
            call_sid, _, content = self.next_final()
            number = self.calls[call_sid]
            await self._post(speech(number, content, number * 0.2, CallSid=call_sid))
            self.load.promise(call_sid, content, None)
            await self.pause()

    async def _post(self, body: bytes) -> None:
        place = self.load.place
        signature = sign(place.url + place.webhook, body, place.secret)
        await self.load.post(place.webhook, body, {"Content-Type": FORM, "X-Twilio-Signature": signature})
