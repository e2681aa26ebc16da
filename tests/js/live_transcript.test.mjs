/** Connecting, losing the connection, and coming back without a gap or a repeat. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../static/js/live_transcript.js";
import { transcript, watch } from "./fakes.mjs";

test("the first address asks for the whole call in the name of a client", async () => {
  const { last } = await watch({ client: "desk-3" });
  assert.equal(last().url.href, "wss://callboard.example/live-transcript/CA1?token=cb_key&client=desk-3");
});

test("a page's cursor and epoch are where the first connection starts", async () => {
  const { last } = await watch({ after: 41, epoch: "k3v9", interim: false });
  const { after, epoch, interim } = Object.fromEntries(last().url.searchParams);
  assert.deepEqual({ after, epoch, interim }, { after: "41", epoch: "k3v9", interim: "0" });
});

test("an http address is taken as its WebSocket", async () => {
  const { last } = await watch({ url: async () => "http://localhost:8000/live-transcript/CA1?token=t_1" });
  assert.equal(last().url.protocol, "ws:");
});

test("it is live once the history is complete", async () => {
  const { last, state, said } = await watch();
  last().establish();
  assert.equal(state().name, "connecting");
  last().begin(transcript(1), transcript(2));
  assert.deepEqual(state(), { name: "live", recovered: null });
  assert.deepEqual(said.seqs, [1, 2]);
});

test("a lost connection comes back after the last seq, in its epoch, as the same client", async () => {
  const { last, time, sockets, said, state } = await watch();
  last().begin(transcript(1), transcript(2));
  last().end(1006);
  assert.deepEqual(state(), { name: "reconnecting", attempt: 1, delay: 500, error: null });
  await time.pass(500);
  const { after, epoch, client } = Object.fromEntries(last().url.searchParams);
  assert.deepEqual([after, epoch, client], ["2", "e1", sockets[0].url.searchParams.get("client")]);
  last().begin(transcript(3));
  assert.deepEqual(state(), { name: "live", recovered: 1 });
  assert.deepEqual(said.seqs, [1, 2, 3]);
});

test("a repeat is not handed on, an interim always is", async () => {
  const { last, said } = await watch({ after: 2 });
  last().begin(transcript(2), transcript(3));
  last().say(transcript(3), transcript(undefined, { content: "um" }), transcript(4));
  assert.deepEqual(said.seqs, [3, "um", 4]);
});

test("a hole in seq is never handed on: it goes back for what is missing", async () => {
  const { last, said, sockets, time } = await watch();
  last().begin(transcript(1));
  last().say(transcript(3));
  assert.deepEqual(said.seqs, [1]);
  assert.ok(sockets[0].isClosed);
  await time.pass(500);
  assert.equal(last().url.searchParams.get("after"), "1");
  last().begin(transcript(2), transcript(3));
  assert.deepEqual(said.seqs, [1, 2, 3]);
});

test("another epoch clears the screen and starts from the first seq", async () => {
  const { last, said, live, time } = await watch({ after: 9, epoch: "old" });
  last().establish({ recovered: false, epoch: "new" });
  last().say(transcript(1), transcript(2));
  assert.equal(said.resets, 1);
  assert.deepEqual(said.seqs, [1, 2]);
  assert.deepEqual([live.cursor, live.epoch], [2, "new"]);
  last().end(1011);
  await time.pass(500);
  assert.equal(last().url.searchParams.get("epoch"), "new");
});

test("back-off doubles from half a second to half a minute, with full jitter", () => {
  assert.deepEqual([0, 1, 2, 5, 6, 7, 30].map((n) => backoff(n, 1)), [500, 1000, 2000, 16000, 30000, 30000, 30000]);
  assert.equal(backoff(3, 0.25), 1000);
  assert.equal(backoff(3, 0), 0);
  assert.equal(backoff(0, 0.5, 2), 2250);
});

test("failures in a row wait longer; five stable seconds make the next one the first again", async () => {
  const { last, time, state } = await watch();
  for (const delay of [500, 1000, 2000]) {
    last().end(1006);
    assert.equal(state().delay, delay);
    await time.pass(delay);
  }
  last().establish();
  await time.pass(4_999);
  last().end(1006);
  assert.equal(state().delay, 4000);
  await time.pass(4000);
  last().establish();
  await time.pass(5_000);
  last().end(1006);
  assert.deepEqual([state().attempt, state().delay], [1, 500]);
});

test("a url function is asked at every attempt, and again after it failed", async () => {
  let asked = 0;
  const url = async () => {
    if (++asked === 1) throw new TypeError("fetch failed");
    return `wss://callboard.example/live-transcript/CA1?token=t_${asked}`;
  };
  const { last, time, state } = await watch({ url });
  assert.equal(state().name, "reconnecting");
  await time.pass(500);
  assert.equal(last().url.searchParams.get("token"), "t_2");
  last().end(1006);
  await time.pass(1000);
  assert.equal(last().url.searchParams.get("token"), "t_3");
});

test("a socket that is never established is given up after ten seconds", async () => {
  const { sockets, time, state } = await watch();
  await time.pass(10_000);
  assert.ok(sockets[0].isClosed);
  assert.equal(state().name, "reconnecting");
});

test("an unanswered ping means that the line is dead", async () => {
  const { sockets, time, state, last } = await watch();
  last().begin();
  last().pong("2026-01-19T12:00:05.123+00:00");
  await time.pass(15_000);
  assert.equal(sockets[0].sent.length, 2);
  await time.pass(9_999);
  assert.equal(state().name, "live");
  await time.pass(1);
  assert.equal(state().name, "reconnecting");
});

test("a line that brings a long history is not dead for a late pong", async () => {
  const { time, state, last } = await watch();
  last().establish();
  for (let seq = 1; seq <= 4; seq++) {
    await time.pass(9_000);
    last().say(transcript(seq));
  }
  assert.equal(state().name, "connecting");
});

test("the server's clock is learnt from a pong, half of the way back", async () => {
  const { last, live, time } = await watch();
  last().begin();
  await time.pass(200);
  last().pong(new Date(time.ms - 100 + 5_000).toISOString());
  assert.equal(live.clockOffset, 5_000);
});

test("retryNow doesn't sit out the delay, and does nothing to a live connection", async () => {
  const { last, live, sockets } = await watch();
  last().end(1006);
  live.retryNow();
  await Promise.resolve();
  assert.equal(sockets.length, 2);
  last().begin();
  live.retryNow();
  assert.equal(sockets.length, 2);
});

test("what an abandoned socket still says is not heard", async () => {
  const { last, live, sockets, said, time } = await watch();
  last().begin();
  last().say(transcript(7));
  sockets[0].say(transcript(1));
  await time.pass(500);
  assert.deepEqual(said.seqs, []);
  live.close();
  assert.equal(live.state.name, "closed");
  await time.pass(60_000);
  assert.equal(sockets.length, 2);
});

test("a message type that it doesn't know is for newer clients", async () => {
  const { last, state } = await watch();
  last().begin();
  last().say({ type: "constructor" }, { type: "weather", sunny: true });
  assert.equal(state().name, "live");
});

test("the network's return is not left waiting for the delay", async () => {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  try {
    const { last, live, sockets } = await watch();
    last().end(1006);
    page.dispatchEvent(new Event("online"));
    await Promise.resolve();
    assert.equal(sockets.length, 2);
    live.close();
    page.dispatchEvent(new Event("online"));
    await Promise.resolve();
    assert.equal(sockets.length, 2);
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});
