"""`replay`: recorded calls sent to a server through the producer socket, all at once."""

import argparse
import asyncio
import math
import sys
from collections.abc import Callable
from typing import Any

from commands.parser import add_command, add_server_flags, server_url
from commands.progress import Progress, add_quiet
from commands.reconnecting import Attempts, Connection, Lost, Refused, connected, ended, messages, persist
from commands.recording import Recorded, read_recordings
from commands.secret import read_token
from commands.transcript_view import plain
from events import encode

MAX_UNACKNOWLEDGED = 500  # half of what the server takes before it stops reading


def add_to(words) -> None:
    replay = add_command(
        words,
        "replay",
        run,
        "send recorded calls",
        says="Send recorded calls to a server as if they were going on now, all files at once. A file is JSON lines:\n"
        'each a message of the producer socket and "at", the seconds from the start at which to send it:\n\n'
        '  {"at":0,"type":"call","call_sid":"CA1","data":{"direction":"inbound","status":"in-progress"}}\n'
        '  {"at":1.7,"type":"transcript","call_sid":"CA1","data":{"segment_id":"1","speaker":"user",\n'
        '   "content":"Hello?","is_final":true,"segment_start":1.2,"segment_end":1.7}}   (in one line)\n'
        '  {"at":9.2,"type":"call_status","call_sid":"CA1","data":{"status":"completed"}}\n\n'
        "Connects again where the connection breaks, and sends again what was not acknowledged.\n"
        "Prints last how many calls, messages and acknowledgements there were. Exit status 0 once everything is\n"
        "acknowledged; else 1, with the first rejection.",
        example="CALLBOARD_TOKEN=cb_… python server.py replay monday/*.jsonl --url http://localhost:8000 --speed 4",
    )
    replay.add_argument("files", metavar="FILE", nargs="+", help="recorded calls")
    add_server_flags(replay)
    add_quiet(replay)
    text = "how many times as fast as it was (default 1); 0 does not wait at all"
    replay.add_argument("--speed", metavar="N", type=_speed, default=1.0, help=text)


def run(options, settings) -> int:
    token = read_token(options.token)
    url = f"{options.url or server_url(settings.public_url)}/ingest"
    failure, recorded = None, read_recordings(options.files)
    with Progress("Replaying", is_quiet=options.quiet) as progress:
        replayer = Replayer(recorded, options.speed, told=progress.reach)
        try:
            asyncio.run(persist(lambda attempts: replayer.visit(url, token, attempts), progress.note))
        except Refused as refused:
            failure = str(refused)
    if failure := failure or replayer.rejection:
        _note(failure)
    print(replayer.summary, flush=True)
    return 1 if failure else 0


class Replayer:
    """What is still to be sent, and what was sent and not yet answered, through any number of connections."""

    def __init__(
        self,
        recorded: list[Recorded],
        speed: float,
        *,
        is_own: bool = False,
        told: Callable[[int, int], None] = lambda done, total: None,
    ):
        self._recorded, self._speed, self._is_own, self._told = recorded, speed, is_own, told
        self._sent = 0  # of `_recorded`, the first so many
        self._unanswered: dict[int, Recorded] = {}  # by id, in order
        self._acknowledged = 0
        self.rejection: str | None = None  # the first
        self._began_at: float | None = None
        self._answered = asyncio.Event()

    @property
    def summary(self) -> str:
        calls = len({recorded.call_sid for recorded in self._recorded})
        return f"calls={calls} messages={len(self._recorded)} acknowledged={self._acknowledged}"

    async def visit(self, url: str, token: str, attempts: Attempts) -> None:
        """Send until all is answered. Raises Lost, Refused."""
        async with connected(url, token, is_own=self._is_own) as connection:
            sending = asyncio.ensure_future(self._send(connection))
            hearing = asyncio.ensure_future(self._hear(connection, attempts))
            try:
                done, _ = await asyncio.wait([sending, hearing], return_when=asyncio.FIRST_COMPLETED)
                if hearing not in done and sending.exception() is not None:
                    await asyncio.wait([hearing])  # which knows why the connection ended
                for task in (hearing, sending):
                    if task.done():
                        task.result()
            finally:
                sending.cancel()
                hearing.cancel()
                await asyncio.gather(sending, hearing, return_exceptions=True)

    async def _send(self, connection: Connection) -> None:
        """What was not answered, then the rest when its time comes; returns once all is answered."""
        for id_, recorded in list(self._unanswered.items()):
            await connection.write_message(_text(id_, recorded))
        loop = asyncio.get_running_loop()
        self._began_at = loop.time() if self._began_at is None else self._began_at
        while self._sent < len(self._recorded):
            recorded = self._recorded[self._sent]
            if self._speed and (wait := self._began_at + recorded.at / self._speed - loop.time()) > 0:
                await asyncio.sleep(wait)
            await self._until_unanswered(MAX_UNACKNOWLEDGED)
            self._sent += 1
            self._unanswered[self._sent] = recorded
            await connection.write_message(_text(self._sent, recorded))
        await self._until_unanswered(1)

    async def _until_unanswered(self, fewer_than: int) -> None:
        while len(self._unanswered) >= fewer_than:
            self._answered.clear()
            await self._answered.wait()

    async def _hear(self, connection: Connection, attempts: Attempts) -> None:
        async for message in messages(connection):
            if message.get("type") == "ack":
                attempts.admitted()
                self._acknowledged += self._unanswered.pop(message["id"], None) is not None
            elif message.get("type") == "error" and message.get("id") is not None:
                self._rejected(message)
            self._answered.set()
            self._told(self._sent - len(self._unanswered), len(self._recorded))
        ended(1000, None)

    def _rejected(self, error: dict[str, Any]) -> None:
        says = f"{error.get('error')}: {error.get('message')}"
        if error.get("retryable"):
            raise Lost(says, error)  # so that it goes again in its place, before what follows it
        if (recorded := self._unanswered.pop(error["id"], None)) and self.rejection is None:
            self.rejection = plain(f"{recorded.where}: {says}")


def _text(id_: int, recorded: Recorded) -> bytes:
    return encode({"id": id_, **recorded.message})


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (speed == 0 or 0.001 <= speed <= 1e6):
        raise argparse.ArgumentTypeError(f"must be a number from 0.001 to 1000000, or 0, not {text!a}")
    return speed
