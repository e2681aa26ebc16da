"""`watch`: one call's transcript in the terminal, as it is spoken."""

import argparse
import asyncio
import secrets
import shutil
import sys
from typing import Any
from urllib.parse import urlencode

from commands.parser import add_command, add_server_flags, server_url
from commands.reconnecting import Attempts, Lost, Refused, connected, messages, persist
from commands.screen import Screen
from commands.secret import read_token
from commands.transcript_view import Line, TranscriptView, plain
from events import CALL_SID, TERMINAL

WELCOME_S = 10


def add_to(words) -> None:
    watch = add_command(
        words,
        "watch",
        run,
        "read a call's transcript as it is spoken",
        says="Print a call's transcript: what was said so far, then what is being said, until the call ends.\n"
        "In a terminal words appear while they are spoken and corrections take their place; elsewhere each\n"
        "finished sentence is a line. Connects again where the connection breaks. The call may still be about\n"
        "to begin: it is waited for, two minutes. Exit status 0 once the call has ended, 1 where refused.",
        example="CALLBOARD_TOKEN=cb_… python server.py watch CA123 --url https://calls.harper.example",
    )
    watch.add_argument("call_sid", metavar="CALL_SID", type=_call_sid, help="the provider's id of the call")
    add_server_flags(watch)


def run(options, settings) -> int:
    token = read_token(options.token)
    sys.stdout.reconfigure(errors="replace")
    watcher = (TerminalWatcher if sys.stdout.isatty() else Watcher)()
    url = f"{options.url or server_url(settings.public_url)}/live-transcript/{options.call_sid}"
    try:
        asyncio.run(persist(lambda attempts: watcher.visit(url, token, attempts), watcher.note))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


class Watcher:
    """One viewer through any number of connections. Prints finals, each once; the rest goes to stderr."""

    def __init__(self):
        self.view = TranscriptView()
        self.status: str | None = None
        self._cursor, self._epoch = 0, None
        self._client = "watch-" + secrets.token_hex(6)  # so that it takes its own place when it comes again

    async def visit(self, url: str, token: str, attempts: Attempts) -> None:
        """Follow the call until it has ended. Raises Lost, Refused."""
        query = {"client": self._client}
        if self._cursor and self._epoch:
            query |= {"after": self._cursor, "epoch": self._epoch}
        async with connected(f"{url}?{urlencode(query)}", token) as connection:
            async for message in messages(connection):
                if message.get("type") == "connection_established":
                    attempts.admitted()
                self.hear(message)
        if self.status not in TERMINAL:  # 1000 can also be the answer to a Close of ours
            raise Lost("The connection was closed (1000)")

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message; of types that it does not know it says nothing. Raises Lost where one is missing."""
        match message.get("type"):
            case "connection_established":
                self._begin(message)
            case "call_status":
                self.status = message["status"]
                self.status_heard(message)
            case "transcript":
                self._transcript(message)

    def _begin(self, message: dict[str, Any]) -> None:
        self.view.drop_interims()
        if not message["recovered"]:
            self._cursor = 0
            self.view.clear()
            self.note("This is another log: the transcript begins anew")
        self._epoch = message["epoch"]

    def _transcript(self, message: dict[str, Any]) -> None:
        seq = message.get("seq")
        if seq is not None:
            if seq <= self._cursor:
                return
            if seq > self._cursor + 1:
                raise Lost("A sentence is missing")  # the store has it
            self._cursor = seq
        self.transcript_heard(self.view.hear(message))

    # ── how it is shown ──────────────────────────────────────────────────────────────────────────────────────

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    def status_heard(self, message: dict[str, Any]) -> None:
        self.note(_status(message))

    def transcript_heard(self, added: Line | None) -> None:
        if added is not None:
            print(added.text, flush=True)


class TerminalWatcher(Watcher):
    """Shows interims as they grow, corrections in their place, and below them how things stand."""

    def __init__(self):
        super().__init__()
        self._screen = Screen(sys.stdout, shutil.get_terminal_size)
        self._state = self._note = "connecting"

    def note(self, text: str) -> None:
        self._note = text
        self._show()

    def status_heard(self, message: dict[str, Any]) -> None:
        self._state = self._note = _status(message)
        self._show()

    def transcript_heard(self, added: Line | None) -> None:
        self._note = self._state
        self._show()

    def _show(self) -> None:
        self._screen.show([*self.view.lines(), Line(f"── {plain(self._note)} ──", False)])


def _status(message: dict[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    reason, seconds = metadata.get("reason"), metadata.get("duration")
    text = f"The call is {message['status']}" + (f" ({reason})" if reason else "")
    return plain(text + (f", {seconds} s" if seconds is not None else ""))


def _call_sid(text: str) -> str:
    if not CALL_SID.match(text):
        raise argparse.ArgumentTypeError("a call id is 1 to 128 of A-Z a-z 0-9 _ . : -")
    return text
