"""Where providers post: verify over the exact bytes, then the pipeline."""

import logging

from events import Refused, Unavailable
from handlers.api import ApiError, BaseHandler
from models.sources import Source
from sources import KINDS

log = logging.getLogger(__name__)


class WebhookHandler(BaseHandler):
    """POST /webhooks/{kind}/{endpoint}: 204 once every event in the body is stored."""

    def check_xsrf_cookie(self) -> None:
        """The provider's signature takes its place."""

    async def post(self, kind: str, endpoint: str) -> None:
        source = await self._source(kind, endpoint)
        if source.paused_at is not None:
            raise ApiError(403, "source_paused", "The source is paused.")
        activity = self.services.activity
        try:
            await self._take(source)
        except (ApiError, Refused) as refused:
            activity.rejected(source.id, refused.code, refused.field)
            raise
        except Unavailable:
            activity.rejected(source.id, "unavailable", None)
            raise
        activity.heard(source.id)
        self.set_status(204)

    async def _take(self, source: Source) -> None:
        kind, request = source.kind, self.request
        adapter = KINDS[kind]
        # The public URL, not the Host header: the provider signed what it was given, proxies rewrite the rest.
        url = self.services.public_url + request.uri
        if source.secret and not adapter.verify(
            url=url, headers=request.headers, body=request.body, secret=source.secret
        ):
            log.warning("%s source %d: bad signature for its address at %s", kind, source.id, self.services.public_url)
            raise ApiError(403, "bad_signature", "The signature does not fit; check the secret and the public URL.")
        try:
            payload = adapter.decode(request.body, request.headers.get("Content-Type", ""))
        except Refused as refused:
            raise ApiError(400, refused.code, refused.message, refused.field) from None
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
