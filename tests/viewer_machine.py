"""Any viewers at all on one call: each is answered by the book, and one that keeps the protocol notices nothing."""

import json
from contextlib import AsyncExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from handlers.frames import CLOSE, PING, PONG
from patience import PATIENCE_S
from tests.odd_viewer import MAX_BYTES, VIOLATIONS, OddViewer, answer_to, fragments
from tests.peers import client_frame
from tests.test_live_refusals import until

PER_SECOND, PLACES = 20, 4
GOOD = st.sampled_from(["", "&interim=0", "&interim=1", "&client=a", "&client=b&interim=0", "&epoch=", "&x=%FF"])
BAD = st.sampled_from(["&after=-1", "&after=", "&after=1e3", "&interim=2", "&client=", "&epoch=%0A", "&client=%00"])
DEPTHS = st.sampled_from([0, 0, 0, 1, 100, 1000, 2000])  # test_fuzz_depth.py knows those about the stack's
MARKS = st.lists(st.integers(0, 60), max_size=3)
VAIN = st.sampled_from(["token", "none", "scope", "sid", "unknown", "query"])
TYPES = st.sampled_from(["ping", "pong", "request_status", "transcript", "", "PING"]) | st.none() | st.integers()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = JSON | st.fixed_dictionaries({"type": TYPES}, optional={"id": JSON, "more": JSON})


class ViewerMachine(RuleBasedStateMachine):
    """One call of one server; `watcher` reads along all the time, `viewers` are let in and odd."""

    def __init__(self, io_loop, house, lines, number):
        super().__init__()
        self.io_loop, self.house, self.lines = io_loop, house, lines
        self.call_sid, self.head, self.is_over = f"CA{number}", 0, False
        self.viewers: list[OddViewer] = []
        self.port = int(house.url.rpartition(":")[2])
        self.stack = AsyncExitStack()
        self.run(self.begin())

    def run(self, work):
        async def settled():
            result = await work
            await until(lambda: self.house.hub.viewers(self.call_id) == len(self.viewers) + 1)
            return result

        return self.io_loop.run_sync(settled, timeout=PATIENCE_S)

    async def begin(self):
        await self.say("begin", True)
        self.call_id = (await self.house.get(f"/api/v1/calls/sid/{self.call_sid}"))["id"]
        self.watcher = await self.stack.enter_async_context(self.house.watch(self.call_sid))
        await self.watcher.history()

    async def say(self, content, is_final):
        await self.house.say(self.call_sid, f"s{self.head}", content, is_final=is_final)
        self.head += is_final

    async def hears(self, viewer, frames=b"", messages=0):
        """The answers to the frames; what was stored has come to this viewer without gap or repeat."""
        viewer.count(messages)
        said = await viewer.said(frames)
        assert viewer.seqs == list(range(viewer.first_seq + 1, self.head + 1))
        return said

    def pick(self, data, messages=0):
        """One of the viewers that may still send so many, if there is one."""
        rested = [viewer for viewer in self.viewers if viewer.sent_lately + messages <= PER_SECOND]
        return rested[data.draw(st.integers(0, len(rested) - 1))] if rested else None

    # ── coming ───────────────────────────────────────────────────────────────────────────────────────────────

    @rule(query=GOOD, after=st.none() | st.integers(0, 8), is_ours=st.booleans(), eager=st.booleans())
    def come(self, query, after, is_ours, eager):
        epoch = self.house.services.epoch if is_ours else "another"
        query += "" if after is None else f"&after={after}&epoch={epoch}"
        self.run(self._come(query, 0 if after is None else after, is_ours, eager))

    async def _come(self, query, after, is_ours, eager):
        ping = client_frame(b'{"type":"ping","id":"eager"}') if eager else b""
        path = f"/live-transcript/{self.call_sid}?token={self.house.key}{query}"
        client = query.partition("&client=")[2][:1] or None
        ghost = next((viewer for viewer in self.viewers if client and viewer.client == client), None)
        viewer = await OddViewer.connect(self.port, path, ping)
        viewer.client, viewer.wants_interims = client, "interim=0" not in query
        viewer.count(len(ping) > 0)
        if ghost is None and len(self.viewers) + 1 == PLACES:
            await self.is_refused(viewer, "connection_limit_exceeded", True)
            return
        recovered = "&after=" not in query or (is_ours and after <= self.head)
        viewer.first_seq = after if recovered else 0
        first, complete = await viewer.history()
        assert [message["type"] for message in first[:2]] == ["connection_established", "call_status"]
        assert (first[0]["recovered"], first[0]["head_seq"]) == (recovered, self.head)
        assert all(message["replayed"] for message in first[2:-1])
        assert (complete["count"], complete["through_seq"]) == (len(viewer.seqs), self.head)
        self.viewers.append(viewer)
        if ghost is not None:
            self.viewers.remove(ghost)
            await self.is_refused(ghost, "connection_replaced", False)
        said = await self.hears(viewer)
        if eager and not said:  # it waits for the admission, which this did not
            said = [(await viewer.next())[1]]
        assert [message["type"] for message in said] == ["pong"] * eager

    async def is_refused(self, viewer, error, retryable):
        heard, came = await viewer.end()
        errors = [message for message in heard if message["type"] == "error"]
        told = [(each["error"], each["retryable"], "retry_after" in each) for each in errors]
        assert told == [(error, retryable, retryable)] and came == 1008 and heard[-1] is errors[0]

    @rule(which=VAIN, bad=BAD)
    def come_in_vain(self, which, bad):
        async def work():
            token = {"token": "cb_wrong", "none": "", "scope": self.house.writes_only}.get(which, self.house.key)
            call_sid = {"sid": "a%20b", "unknown": "CAunknown"}.get(which, self.call_sid)
            path = f"/live-transcript/{call_sid}?token={token}{bad if which == 'query' else ''}"
            viewer = await OddViewer.connect(self.port, path, client_frame(b'{"type":"ping"}'))
            word = {"token": "authentication_failed", "none": "authentication_failed", "sid": "invalid_call_sid"}
            word |= {"query": "invalid_parameter"}
            await self.is_refused(viewer, word.get(which, "access_denied"), which == "unknown")

        self.run(work())

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), message=MESSAGES, marks=MARKS, control=st.binary(max_size=125))
    def send(self, data, message, marks, control):
        """Whole, or in fragments with control frames between them."""
        text = json.dumps(message, ensure_ascii=data.draw(st.booleans()))
        between = client_frame(control, data.draw(st.sampled_from([PING, PONG])))
        if len(text.encode()) <= MAX_BYTES and (viewer := self.pick(data, 1)):
            (said,) = self.run(self.hears(viewer, fragments(text, marks, between), 1))
            expected = answer_to(message)
            assert {name: said.get(name) for name in expected} == expected
            assert ("id" in said) == ("id" in expected)

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), text=st.text(max_size=300), depth=DEPTHS)
    def send_what_is_hardly_json(self, data, text, depth):
        if depth:
            text = '{"type":"ping","id":' + "[" * depth + "]" * depth + "}"
        if len(text.encode()) <= MAX_BYTES and (viewer := self.pick(data, 1)):
            (said,) = self.run(self.hears(viewer, client_frame(text.encode()), 1))
            assert said.get("error", said["type"]) in ("invalid_message", "unknown_message_type", "pong")
            assert said["type"] == "error" or depth

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), more=st.integers(1, 60))
    def send_too_many(self, data, more):
        viewer = data.draw(st.sampled_from(self.viewers))
        lately = viewer.sent_lately
        pings = b"".join(client_frame(b'{"type":"ping","id":%d}' % n) for n in range(PER_SECOND + more))
        said = self.run(self.hears(viewer, pings, PER_SECOND))
        taken = [message["id"] for message in said if message["type"] == "pong"]
        errors = [message["error"] for message in said if message["type"] == "error"]
        assert taken == list(range(len(taken))) and len(taken) >= PER_SECOND - lately
        assert set(errors) <= {"rate_limit_exceeded"} and len(errors) <= 1 and (errors or lately)
        assert len(taken) + len(errors) == len(said)

    # ── going ────────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), offence=st.sampled_from(sorted(VIOLATIONS)))
    def offend(self, data, offence):
        frames, code = VIOLATIONS[offence]
        self.leaves(data, frames, code)

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), code=st.sampled_from([None, 1000, 1001, 1008, 1011, 3000, 4999]), reason=st.text(max_size=30))
    def close(self, data, code, reason):
        payload = b"" if code is None else code.to_bytes(2) + reason.encode()
        self.leaves(data, client_frame(payload, CLOSE), code or 0)

    def leaves(self, data, frames, code):
        viewer = self.viewers.pop(data.draw(st.integers(0, len(self.viewers) - 1)))

        async def work():
            await viewer.peer.send(frames)
            assert (await viewer.end())[1] == code

        self.run(work())

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), size=st.integers(0, 20))
    def vanish(self, data, size):
        """In the midst of a frame, or of a message, or of nothing."""
        viewer = self.viewers.pop(data.draw(st.integers(0, len(self.viewers) - 1)))

        async def work():
            await viewer.peer.send((client_frame(b"abcdef", fin=False) + client_frame(b"x" * 20, 0))[:size])
            viewer.vanish()

        self.run(work())

    # ── the call ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(content=st.text(min_size=1, max_size=50).filter(lambda text: "\0" not in text), is_final=st.booleans())
    def someone_speaks(self, content, is_final):
        self.run(self.say(content, is_final))

    @precondition(lambda self: not self.is_over)
    @rule(word=st.sampled_from(["completed", "busy"]))
    def the_call_ends(self, word):
        self.run(self.house.end(self.call_sid, word))
        self.is_over = True
        for viewer in self.viewers:
            (status,) = self.run(self.hears(viewer))
            assert status["status"] == ("completed" if word == "completed" else "failed")

    def teardown(self):
        async def work():
            await self.say("goodbye", True)
            if not self.is_over:
                await self.house.end(self.call_sid)
            self.house.clock.advance(31)
            for viewer in self.viewers:
                assert (await viewer.end())[1] == 1000
                assert viewer.seqs == list(range(viewer.first_seq + 1, self.head + 1))
            assert await self.watcher.to_the_end() == 1000
            assert self.watcher.seqs == list(range(1, self.head + 1))
            await self.stack.aclose()
            services = self.house.services
            await until(lambda: not (services.hub._rooms or services.gate._inside or services.gate.arriving))

        try:
            self.io_loop.run_sync(work, timeout=PATIENCE_S)
            assert not self.lines, self.lines
        finally:
            for viewer in self.viewers:
                viewer.sock.close()
