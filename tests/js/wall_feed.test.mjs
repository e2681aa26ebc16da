/** The feed: connecting, coming back with a new snapshot, and when not to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "../../static/js/live_transcript.js";
import { LiveCalls } from "../../static/js/wall_feed.js";
import { FakeTime, fakeSockets, settled } from "./fakes.mjs";

const snapshot = { type: "snapshot", timestamp: "2026-01-19T12:00:00.000+00:00", calls: [] };
const error = (word, more = {}) => ({ type: "error", error: word, message: `about ${word}`, ...more });

async function watch(options = {}) {
  const { sockets, FakeSocket } = fakeSockets();
  const time = new FakeTime();
  const heard = [];
  let tickets = 0;
  const live = new LiveCalls({
    url: async () => `wss://callboard.example/live-calls?token=${++tickets}`, WebSocket: FakeSocket, random: () => 1, ...time,
    onSnapshot: ({ type }) => heard.push(type), onUpdate: ({ calls }) => heard.push(...calls), ...options,
  }); // prettier-ignore
  await settled();
  return { live, time, sockets, heard, last: () => sockets.at(-1) };
}

test("it is live with the snapshot, and hands on what changes", async () => {
  const { live, last, heard } = await watch();
  last().say({ type: "connection_established" });
  assert.equal(live.state.name, "connecting");
  last().say(snapshot, { type: "calls_updated", calls: ["row"] }, { type: "something_newer" });
  assert.equal(live.state.name, "live");
  assert.deepEqual(heard, ["snapshot", "row"]);
});

for (const code of [1001, 1006, 1011]) {
  test(`${code} comes back with a new ticket, for a new snapshot`, async () => {
    const { live, last, time, heard } = await watch();
    last().say(snapshot);
    last().end(code);
    assert.deepEqual(live.state, { name: "reconnecting", attempt: 1, delay: 500, error: null });
    await time.pass(500);
    assert.match(last().url.search, /token=2$/);
    last().say(snapshot);
    assert.deepEqual([live.state.name, heard], ["live", ["snapshot", "snapshot"]]);
  });
}

for (const code of [1002, 1003, 1007, 1009]) {
  test(`${code} doesn't come back`, async () => {
    const { live, last, time, sockets } = await watch();
    last().end(code);
    await time.pass(120_000);
    assert.deepEqual([live.state.name, sockets.length], ["failed", 1]);
  });
}

for (const [word, name] of Object.entries({ authentication_failed: "signed-out", access_revoked: "removed", access_denied: "failed" })) {
  test(`1008 after ${word} is ${name}, until someone asks for another try`, async () => {
    const { live, last, time, sockets } = await watch();
    last().end(1008, error(word));
    assert.deepEqual(live.state, { name, error: { error: word, message: `about ${word}` } });
    await time.pass(120_000);
    assert.equal(sockets.length, 1);
    live.retryNow();
    await settled();
    assert.equal(sockets.length, 2);
  });
}

test("1008 after what is retryable comes back, not before it is told to", async () => {
  const { last, time, sockets } = await watch();
  last().end(1008, error("connection_limit_exceeded", { retryable: true, retry_after: 5 }));
  await time.pass(4_999);
  assert.equal(sockets.length, 1);
  await time.pass(501);
  assert.equal(sockets.length, 2);
});

test("a page that is signed out gets no ticket and says so", async () => {
  const { live, sockets } = await watch({ url: () => Promise.reject(new Refused("authentication_failed")) });
  assert.deepEqual([live.state.name, sockets.length], ["signed-out", 0]);
});

test("each failure doubles the wait, and a connection that held starts anew", async () => {
  const { live, last, time } = await watch();
  for (const delay of [500, 1000, 2000]) {
    last().end(1006);
    assert.equal(live.state.delay, delay);
    await time.pass(delay);
  }
  last().say(snapshot);
  await time.pass(5_000);
  last().end(1006);
  assert.equal(live.state.delay, 500);
});

test("a line that answers no ping is given up; a pong tells the server's time", async () => {
  const { live, last, time, sockets } = await watch();
  last().say(snapshot, { type: "pong", id: 1, timestamp: new Date(time.ms + 7000).toISOString() });
  assert.equal(live.clockOffset, 7000);
  await time.pass(15_000);
  assert.equal(last().sent.length, 2);
  await time.pass(10_000);
  assert.deepEqual([live.state.name, sockets[0].isClosed], ["reconnecting", true]);
});
