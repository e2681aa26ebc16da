"""Where providers post: verify over the exact bytes, then the pipeline."""

import logging

import msgspec

from events import Refused, Unavailable
from handlers.api import ApiError, BaseHandler
from models.sources import Source
from sources import KINDS

log = logging.getLogger(__name__)

_LATER = ("missing_library", "conflict")  # it can be taken another time: every provider may send it again


class WebhookHandler(BaseHandler):
    """POST /webhooks/{kind}/{endpoint}: 204 once every event in the body is stored."""

    def check_xsrf_cookie(self) -> None:
        """The provider's signature takes its place."""

    async def post(self, kind: str, endpoint: str) -> None:
        source = await self._source(kind, endpoint)
        if source.paused_at is not None:
            raise ApiError(403, "source_paused", "The source is paused.")
        self.set_status(204)
        try:
            await self._take(source)
        except Refused as refused:
            if refused.code == "call_erased":
                return  # there is nothing that the provider could do better
            self._reject(source, refused.code, refused.field)
            if refused.code in _LATER:
                raise ApiError(503, refused.code, refused.message, retry_after=1) from None
            if not KINDS[kind].REPEATS_REFUSED:
                raise ApiError(400, refused.code, refused.message, refused.field) from None
        except ApiError as error:
            self._reject(source, error.code, error.field)
            raise
        except Unavailable:
            self._reject(source, "unavailable", None)
            raise
        else:
            self.services.activity.heard(source.id)

    def _reject(self, source: Source, code: str, field: str | None) -> None:
        self.services.activity.rejected(source.id, code, field)
        self.services.numbers.rejected[source.kind, code] += 1

    async def _take(self, source: Source) -> None:
        kind, request = source.kind, self.request
        adapter = KINDS[kind]
        # The public URL, not the Host header: the provider signed what it was given, proxies rewrite the rest.
        url = self.services.public_url + request.uri
        now = self.services.store.clock()
        if source.secret and not adapter.verify(
            url=url, headers=request.headers, body=request.body, secret=source.secret, now=now
        ):
            log.warning("%s source %d: bad signature for its address at %s", kind, source.id, self.services.public_url)
            raise ApiError(403, "bad_signature", "The signature does not fit; check the secret and the public URL.")
        query = {name: self.decode_argument(values[-1], name) for name, values in request.query_arguments.items()}
        query = msgspec.json.decode(source.config) | query  # what its address does not say, the source's settings do
        payload = adapter.decode(request.body, request.headers.get("Content-Type", ""), query)
        if source.account and payload.account != source.account:
            raise ApiError(403, "wrong_account", "The event is of another provider account.")
        await self.services.pipeline.receive(source, payload)

    async def _source(self, kind: str, endpoint: str) -> Source:
        found = None
        if kind in KINDS and endpoint.isascii():
            found = await self.services.gate.source(kind, endpoint)
        if found is None:
            raise ApiError(404, "not_found", "There is no such webhook address.")
        return found
