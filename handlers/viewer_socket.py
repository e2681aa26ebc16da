"""What a viewer may say, on the socket of a call as on the feed: pings, little else, and not too often."""

from collections.abc import Awaitable
from typing import Any, ClassVar

import msgspec
from tornado.iostream import IOStream

from handlers.message_limit import MessageLimit, Verdict
from handlers.services import Services
from handlers.token_socket import Opening, Refusal, TokenSocket
from hub.viewer import MAX_UNSENT_BYTES

MAX_MESSAGE_BYTES = 4096  # viewers send pings and little else


class ViewerSocket(TokenSocket):
    """A socket that shows; `answers` are the messages it understands besides `ping`."""

    __slots__ = ("_limit",)

    answers: ClassVar[dict[str, str]] = {}  # type → name of the method that answers

    def __init__(self, services: Services, stream: IOStream, opening: Opening):
        self._limit: MessageLimit | None = None  # made with the first message: most viewers never send one
        super().__init__(services, stream, opening, max_message_bytes=MAX_MESSAGE_BYTES)

    @property
    def unsent_bytes(self) -> int:
        return self.connection.unsent_bytes

    def send(self, data: bytes) -> None:
        """Frames that the hub made."""
        self.connection.send(data)

    def receive(self, text: str) -> Awaitable[bool] | None:
        """Answer, or drop it; who does not take the answers is listened to again when it has taken them."""
        if self._limit is None:
            self._limit = MessageLimit(self.services.messages_per_second)
        verdict = self._limit.judge(self.services.monotonic())
        if verdict is not Verdict.TAKEN:
            self.services.numbers.messages_limited += 1
        if verdict is Verdict.TAKEN:
            self._answer(text)
        elif verdict is Verdict.TOLD:
            self.tell_error("rate_limit_exceeded", self._too_many(), retry_after=1)
        elif verdict is Verdict.CLOSED:
            self.refuse(Refusal("rate_limit_exceeded", self._too_many()))
        return self.connection.drained() if self.unsent_bytes > MAX_UNSENT_BYTES else None

    def _answer(self, text: str) -> None:
        try:
            message: Any = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self.tell_error("invalid_message", "A message is a JSON object.")
            return
        kind = message.get("type")
        if kind == "ping":
            self.tell({"type": "pong"} | ({"id": message["id"]} if "id" in message else {}))
        elif isinstance(kind, str) and kind in self.answers:
            getattr(self, self.answers[kind])()
        else:
            self.tell_error("unknown_message_type", f"Known types: {', '.join(['ping', *self.answers])}.")

    def _too_many(self) -> str:
        return f"More than {self.services.messages_per_second} messages in a second: they are dropped."
