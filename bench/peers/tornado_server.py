"""Tornado as its documentation shows it: a WebSocketHandler, `write_message` of a text made once to each viewer.

HISTORY=n: every viewer gets that many messages from memory when it comes, ready frames in one write.
"""

import asyncio
import json
import os
from collections import defaultdict

import publishing
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

viewers: dict[str, set[WebSocketHandler]] = defaultdict(set)


def frame(text: bytes) -> bytes:
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text


HISTORY = b"".join(
    frame(json.dumps(publishing.event(0, n) | {"seq": n}, separators=(",", ":")).encode())
    for n in range(int(os.environ.get("HISTORY", "0")))
)


class LiveTranscript(WebSocketHandler):
    def open(self, call_sid: str) -> None:
        self.call_sid = call_sid
        viewers[call_sid].add(self)
        if HISTORY:
            self.ws_connection.stream.write(HISTORY)

    def on_close(self) -> None:
        viewers[self.call_sid].discard(self)


def publish(call: int, n: int) -> None:
    text = json.dumps(publishing.event(call, n))
    for viewer in viewers[f"C{call}"]:
        viewer.write_message(text)


async def main() -> None:
    sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
    HTTPServer(Application([("/live-transcript/(.+)", LiveTranscript)])).add_sockets(sockets)
    await publishing.obey(sockets[0].getsockname()[1], publish)


asyncio.run(main())
