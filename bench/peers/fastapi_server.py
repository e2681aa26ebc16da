"""FastAPI and uvicorn as most people write it: the viewers of a call in a set, `await send_json` to one after another.

STORES=1: each final is stored first, with `Model.create` and SQLite's commit (synchronous=FULL) of its own.
"""

import asyncio
import os
import socket
from collections import defaultdict

import peewee
import publishing
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

STORES = os.environ.get("STORES") == "1"
FULL = {"journal_mode": "wal", "synchronous": "full"}
database = peewee.SqliteDatabase(os.environ["FOLDER"] + "/peer.db", pragmas=FULL, check_same_thread=False)
app = FastAPI()
viewers: dict[str, set[WebSocket]] = defaultdict(set)


class Entry(peewee.Model):
    call_sid = peewee.CharField(index=True)
    segment_id = peewee.CharField()
    speaker = peewee.CharField()
    content = peewee.TextField()
    confidence = peewee.FloatField(null=True)
    language = peewee.CharField(null=True)
    segment_start = peewee.FloatField(null=True)
    segment_end = peewee.FloatField(null=True)
    created_at = peewee.CharField()

    class Meta:
        database = database


class Transcript(BaseModel):
    segment_id: str
    speaker: str
    content: str
    is_final: bool = True
    confidence: float | None = None
    segment_start: float | None = None
    segment_end: float | None = None
    language: str | None = None


async def broadcast(call_sid: str, message: dict) -> None:
    for viewer in list(viewers[call_sid]):
        try:
            await viewer.send_json(message)
        except (RuntimeError, WebSocketDisconnect):
            viewers[call_sid].discard(viewer)


async def hear(call_sid: str, said: Transcript) -> int | None:
    """Store it if that is wanted, and broadcast it."""
    message = publishing.event(0, 0) | {"call_sid": call_sid}
    seq = None
    if STORES and said.is_final:
        entry = Entry.create(
            call_sid=call_sid, created_at=message["timestamp"], **said.model_dump(exclude={"is_final"})
        )
        seq = message["seq"] = entry.id
    message["data"] |= said.model_dump()
    await broadcast(call_sid, message)
    return seq


@app.websocket("/live-transcript/{call_sid}")
async def live_transcript(socket: WebSocket, call_sid: str) -> None:
    await socket.accept()
    viewers[call_sid].add(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        viewers[call_sid].discard(socket)


@app.websocket("/ingest")
async def ingest(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            message = await socket.receive_json()
            seq = await hear(message["call_sid"], Transcript(**message["data"]))
            await socket.send_json({"type": "ack", "id": message["id"], "seq": seq})
    except WebSocketDisconnect:
        pass


@app.post("/api/v1/calls/sid/{call_sid}/transcripts", status_code=201)
async def transcripts(call_sid: str, said: Transcript) -> dict:
    return {"accepted": [{"segment_id": said.segment_id, "seq": await hear(call_sid, said)}]}


async def main() -> None:
    if STORES:
        database.connect()
        database.create_tables([Entry])
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws_per_message_deflate=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    publish = lambda call, n: broadcast(f"C{call}", publishing.event(call, n))  # noqa: E731
    await publishing.obey(listening.getsockname()[1], publish)
    server.should_exit = server.force_exit = True
    await serving


uvloop_or_not = uvicorn.Config(app).get_loop_factory()
with asyncio.Runner(loop_factory=uvloop_or_not) as runner:
    runner.run(main())
