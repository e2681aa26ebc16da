"""Test calls: what the provider would post of a short call, signed and posted over HTTP to our own listening address.

So everything on the way is tried but the way from the provider to here: address, signature, account, storing, pages.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest, HTTPResponse

from events import SECOND, StatusReported, Unavailable
from handlers.source_kinds import SOURCE_KINDS
from models.sources import Source
from sources import deepgram_trial, retell_trial, twilio_trial, vapi_trial
from sources.trial import Step, Trial

TRIALS: dict[str, Trial] = {  # of each kind whose requests we can sign
    "twilio": twilio_trial,
    "vapi": vapi_trial,
    "retell": retell_trial,
    "deepgram": deepgram_trial,
}
log = logging.getLogger(__name__)


class TrialFailed(Exception):
    """The test call was not taken; the message is for people."""


class TrialCalls:
    """`loopback_url` is where this process listens; `public_url` what the provider would have been given. `hear` is the
    pipeline's, for the end of a call whose provider does not tell it."""

    def __init__(
        self, clock: Callable[[], int], hear: Callable[..., Awaitable[Any]], *, loopback_url: str, public_url: str
    ):
        self._clock, self._hear = clock, hear
        self.loopback_url, self._public_url = loopback_url, public_url
        self._running: dict[int, tuple[str, asyncio.Task]] = {}  # by source

    async def begin(self, source: Source) -> str:
        """The call_sid of a test call whose first word is in and whose others follow; of the one that runs already,
        where one does. Raises TrialFailed."""
        if source.id in self._running:
            return self._running[source.id][0]
        call_sid, started_at = "test-" + secrets.token_hex(8), self._clock()
        if source.kind not in TRIALS:
            raise TrialFailed(SOURCE_KINDS[source.kind].untested)
        first, *rest = TRIALS[source.kind].trial_call(call_sid, source.account, started_at)
        await self._post(source, first)
        task = asyncio.create_task(self._play(source, call_sid, rest))
        self._running[source.id] = (call_sid, task)
        task.add_done_callback(lambda _: self._running.pop(source.id, None))
        return call_sid

    async def over(self, source_id: int) -> None:
        """Wait until no test call of this source runs."""
        if source_id in self._running:
            await asyncio.wait([self._running[source_id][1]])

    async def close(self) -> None:
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, source: Source, call_sid: str, steps: list[Step]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            for step in steps:
                await asyncio.sleep(began + step.after_us / SECOND - loop.time())
                await self._post(source, step)
            if not TRIALS[source.kind].TELLS_END:
                await self._hear(source.organization_id, call_sid, [StatusReported(status="completed")])
        except (TrialFailed, Unavailable) as failed:
            log.warning("the test call of source %d broke off: %s", source.id, failed)

    async def _post(self, source: Source, step: Step) -> None:
        path = f"/webhooks/{source.kind}/{source.endpoint}{'?' * bool(step.query)}{step.query}"
        headers = TRIALS[source.kind].headers(self._public_url + path, step.body, source.secret, self._clock())
        request = HTTPRequest(
            self.loopback_url + path,
            method="POST",
            headers=headers,
            body=step.body,
            follow_redirects=False,
            validate_cert=False,  # it is for the public name, and this is ourselves
        )
        try:
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (HTTPError, OSError) as error:
            raise TrialFailed(f"This server does not answer at {self.loopback_url}: {error}") from None
        if answer.code != 204:
            raise TrialFailed(f"The address answered {answer.code}. {_reason(answer)}")


def _reason(answer: HTTPResponse) -> str:
    try:
        return json.loads(answer.body)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        return ""
