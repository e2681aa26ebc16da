"""What a company does with Callboard in its first days, by the commands of the one file and over real sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from binary_root import Binary, Root
from command_line import complaints, finish
from remote import Remote
from sources.twilio_signature import FORM, sign
from twilio_calls import speech, status
from visitor import Visitor

OURS = ("--organization", "Larkspur Cycles")
CALL, SECRET = "CA0000000000000000000000000000a1b2", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SAID = ["Is my bike ready?", "It is ready now.", "Then I come at noon."]
RECORDED = [
    {"at": 0, "type": "call", "call_sid": "CA2", "data": {"direction": "inbound", "status": "in-progress"}},
    {"at": 1, "type": "transcript", "call_sid": "CA2", "data": {"segment_id": "1", "speaker": "user", "content": "Hi"}},
    {"at": 2, "type": "call_status", "call_sid": "CA2", "data": {"status": "completed"}},
]


class Journey:
    def __init__(self, root: Root, line: Binary):
        self.root, self.line, self.url = root, line, line.url
        self.key = self.epoch = ""
        self.listening_s: list[float] = []  # each time that it was started

    async def __call__(self) -> None:
        self.furnish()
        async with self.serving(self.line) as house:
            await self.a_call_is_heard(house)
            await self.it_is_read(house)
            await self.recordings_are_replayed(house)
            self.copied_and_kept()
            await self.rights_end(house)
            self.line.do("erase", "--call", "CA2", "--yes", "--quiet")
            assert (await house.fetch("GET", "/api/v1/calls/sid/CA2")).code == 404
            leaving = await self.a_viewer_stays(house)
        assert await leaving == 1001, "SIGTERM ended it with 0, and it told its viewer"
        async with self.serving(self.line) as house:
            assert await self.is_recovered(house), "the same log, after a restart"
        self.line.do("compact", "--quiet")
        await self.a_copy_is_another_log()
        await self.the_demo_plays()

    def do(self, *words: str, **variables: str) -> str:
        return self.line.do(*words, **variables)

    @asynccontextmanager
    async def serving(self, line: Binary) -> AsyncIterator[Remote]:
        """In threads: our viewers must go on to answer. A forged signature is a warning; errors there are none."""
        server, began = line.serving(line.port, log_level="error"), time.monotonic()
        assert await asyncio.to_thread(server.__enter__) == self.url
        self.listening_s.append(time.monotonic() - began)
        try:
            yield Remote(self.url, self.key)
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)

    def furnish(self) -> None:
        self.do("migrate")
        self.do("organization", "create", OURS[1])
        user = ("user", "create", "ada@example.com", *OURS, "--role", "admin")
        self.do(*user, CALLBOARD_PASSWORD="correct horse")
        self.do("assistant", "create", "Front desk", *OURS)
        self.key = self.do("key", "create", "--user", "ada@example.com", "--name", "all", "--scopes", "read,ingest")
        source = ("source", "create", "twilio", *OURS, "--assistant", "Front desk")
        self.webhook = self.do(*source, CALLBOARD_SECRET=SECRET)
        assert self.webhook.startswith(f"{self.url}/webhooks/twilio/")

    async def post(self, house: Remote, body: bytes, *, secret: str = SECRET) -> int:
        headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(self.webhook, body, secret)}
        path = self.webhook.removeprefix(self.url)
        return (await house.fetch("POST", path, body, key=None, headers=headers)).code

    async def a_call_is_heard(self, house: Remote) -> None:
        """By a viewer that drops and comes back, by one that looks on, and by `watch`."""
        assert await self.post(house, status("in-progress", 1, CallSid=CALL)) == 204
        assert await self.post(house, speech(1, "Forged", 5, CallSid=CALL), secret="another") == 403
        watching = self.line.start("watch", CALL, "--url", self.url, CALLBOARD_TOKEN=self.key)
        async with house.watch(CALL) as looking_on:
            async with house.watch(CALL) as viewer:
                await viewer.history()
                self.epoch = viewer.seen[0]["epoch"]
                await self.post(house, speech(1, SAID[0], 5, CallSid=CALL))
                heard = await viewer.until("transcript")
                assert (heard["seq"], heard["data"]["content"], heard["replayed"]) == (1, SAID[0], False)
            await self.post(house, speech(2, SAID[1], 8, CallSid=CALL))
            async with house.watch(CALL, f"&after=1&epoch={self.epoch}") as viewer:
                await viewer.history()
                assert viewer.seqs == [2] and viewer.seen[0]["recovered"] is True
                async with house.produce() as producer:
                    said = {"segment_id": "p-1", "speaker": "assistant", "content": SAID[2]}
                    await producer.send({"type": "transcript", "id": "1", "call_sid": CALL, "data": said})
                    assert (await producer.until("ack"))["seq"] == 3
                await viewer.until("transcript")
                await self.post(house, status("completed", 20, CallSid=CALL))
                assert await viewer.to_the_end() == 1000 and viewer.seqs == [2, 3]
            assert await looking_on.to_the_end() == 1000 and looking_on.seqs == [1, 2, 3]
        watched = await asyncio.to_thread(finish, watching)
        assert watched.status == 0 and all(words in watched.out for words in SAID), watched

    async def it_is_read(self, house: Remote) -> None:
        """Pages with their files, captions, exports, search, descriptions, documents."""
        for name in ("healthz", "readyz"):
            assert (await house.fetch("GET", f"/{name}")).code == 200
        visitor = await Visitor(house).sign_in()
        page = (await visitor.get(f"/calls/{CALL}")).page
        assert all(words in page.text for words in SAID), page.text
        for link in page.all("link", rel="stylesheet"):
            assert (await house.fetch("GET", link.attributes["href"])).code == 200
        assert b"class LiveTranscript" in (await house.fetch("GET", "/static/js/live_transcript.js")).body
        for path in ("/", "/calls", f"/calls/{CALL}/captions", "/settings/sources", "/settings/audit", "/account"):
            assert (await visitor.get(path)).code == 200, path
        for name in ("", "/protocol", "/sources/twilio", "/rest", "/messages", "/examples"):
            assert (await visitor.get(f"/docs{name}")).page.all("h1"), name
        for kind in ("txt", "json", "csv", "srt", "vtt"):
            file = await house.fetch("GET", f"/api/v1/calls/sid/{CALL}/transcripts/export?format={kind}")
            assert file.code == 200 and SAID[1].encode() in file.body, kind
        while not await house.get("/api/v1/calls/search?q=noon"):  # the index follows within seconds
            await asyncio.sleep(0.1)
        assert (await house.get("/openapi.json"))["openapi"] and (await house.get("/asyncapi.json"))["asyncapi"]

    async def recordings_are_replayed(self, house: Remote) -> None:
        (self.root.data / "monday.jsonl").write_text("\n".join(map(json.dumps, RECORDED)))
        replay = ("replay", self.root.path("monday.jsonl"), "--url", self.url, "--speed", "0")
        told = await asyncio.to_thread(self.do, *replay, CALLBOARD_TOKEN=self.key)
        assert told == "calls=1 messages=3 acknowledged=3"
        assert len(await house.get("/api/v1/calls/sid/CA2/transcripts?after=0")) == 1

    def copied_and_kept(self) -> None:
        assert self.do("backup", self.root.path("copy.db"), "--quiet") == self.root.path("copy.db")
        assert self.do("retention", "set", "90", *OURS) == "90"
        assert self.do("retention", "show").startswith("90\t")

    async def rights_end(self, house: Remote) -> None:
        self.do("user", "create", "bob@example.com", *OURS, "--role", "supervisor", CALLBOARD_PASSWORD="battery staple")
        key = self.do("key", "create", "--user", "bob@example.com", "--name", "wall", "--scopes", "read")
        async with house.watch(CALL, key=key) as viewer:
            await viewer.history()
        assert "wall" in self.line.try_("key", "list").out
        self.do("key", "revoke", key)
        self.do("user", "deactivate", "bob@example.com")
        while (await house.fetch("GET", "/api/v1/calls", key=key)).code != 401:  # within a second
            await asyncio.sleep(0.1)

    async def a_viewer_stays(self, house: Remote) -> asyncio.Task[int]:
        """Someone who watches until the server goes; the close code that this one then has."""
        await house.say("CA3", "u-1", "Hello?")
        is_here = asyncio.Event()

        async def stay() -> int:
            async with house.watch("CA3") as viewer:
                await viewer.history()
                is_here.set()
                return await viewer.to_the_end()

        staying = asyncio.create_task(stay())
        await is_here.wait()
        return staying

    async def is_recovered(self, house: Remote) -> bool:
        """Whether a viewer that comes back is told that this is the log that it knows."""
        async with house.watch(CALL, f"&after=2&epoch={self.epoch}") as viewer:
            await viewer.history()
        assert viewer.seqs[-1] == 3
        assert viewer.seqs == ([3] if viewer.seen[0]["recovered"] else [1, 2, 3])
        return viewer.seen[0]["recovered"]

    async def a_copy_is_another_log(self) -> None:
        other = Binary(self.root, "restored.db", self.line.port)
        epoch = other.do("restore", self.root.path("copy.db"), "--quiet")
        assert epoch != self.epoch
        async with self.serving(other) as house:
            assert not await self.is_recovered(house), "another log"
        assert other.do("new-epoch") not in (epoch, self.epoch)

    async def the_demo_plays(self) -> None:
        """`run` on an empty database; and `demo erase` beside it."""
        trial = Binary(self.root, "trial.db", self.line.port)
        running = trial.start("run", "--port", str(trial.port), "--log-level", "warning")
        lines = []
        while not lines or not lines[-1].startswith("Callboard is on "):
            lines.append((await asyncio.to_thread(running.stdout.readline)).decode().strip())
            assert running.poll() is None, finish(running).err
        house = Remote(trial.url, next(line for line in lines if "cb_" in line))
        while not (await house.get("/api/v1/calls"))["items"]:
            await asyncio.sleep(0.1)
        await asyncio.to_thread(trial.do, "demo", "erase")
        assert not (await house.get("/api/v1/calls"))["items"]
        running.terminate()
        outcome = await asyncio.to_thread(finish, running)
        assert (outcome.status, complaints(outcome.err)) == (0, []), outcome.err
