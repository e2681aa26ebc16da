"""Test calls: what the provider would post of a short call, signed and posted over HTTP to our own listening address.

So everything on the way is tried but the way from the provider to here: address, signature, account, storing, pages.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest, HTTPResponse

from events import SECOND
from models.sources import Source
from sources import twilio
from sources.twilio_signature import FORM
from sources.twilio_trial import Step, trial_call

ACCOUNT = "ACtest"  # of a source that takes any
log = logging.getLogger(__name__)


class TrialFailed(Exception):
    """The test call was not taken; the message is for people."""


class TrialCalls:
    """`loopback_url` is where this process listens; `public_url` what the provider would have been given."""

    def __init__(self, clock: Callable[[], int], *, loopback_url: str, public_url: str):
        self._clock, self.loopback_url, self._public_url = clock, loopback_url, public_url
        self._running: dict[int, tuple[str, asyncio.Task]] = {}  # by source

    async def begin(self, source: Source) -> str:
        """The call_sid of a test call whose first word is in and whose others follow; of the one that runs already,
        where one does. Raises TrialFailed."""
        if source.id in self._running:
            return self._running[source.id][0]
        call_sid, started_at = "test-" + secrets.token_hex(8), self._clock()
        first, *rest = trial_call(call_sid, source.account or ACCOUNT, started_at)
        await self._post(source, first)
        task = asyncio.create_task(self._play(source, rest))
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

    async def _play(self, source: Source, steps: list[Step]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            for step in steps:
                await asyncio.sleep(began + step.after_us / SECOND - loop.time())
                await self._post(source, step)
        except TrialFailed as failed:
            log.warning("the test call of source %d broke off: %s", source.id, failed)

    async def _post(self, source: Source, step: Step) -> None:
        path = f"/webhooks/{source.kind}/{source.endpoint}"
        headers = {"Content-Type": FORM}
        if source.secret:
            headers["X-Twilio-Signature"] = twilio.sign(self._public_url + path, step.body, source.secret)
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
