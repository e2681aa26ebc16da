/** What each close code, and the error before it, means: come back or not, and in which state. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "../../static/js/live_transcript.js";
import { settled, watch } from "./fakes.mjs";

const error = (word, more = {}) => ({ type: "error", error: word, message: `about ${word}`, ...more });

test("1000 is the end of the call, with its last status", async () => {
  const { last, time, sockets, state, live } = await watch();
  last().begin();
  const status = { type: "call_status", status: "completed", metadata: { duration: 201, reason: null } };
  last().end(1000, status);
  assert.deepEqual(state(), { name: "ended", status });
  live.retryNow();
  await time.pass(120_000);
  assert.equal(sockets.length, 1);
});

for (const code of [1001, 1005, 1006, 1011, 1012]) {
  test(`${code} comes back`, async () => {
    const { last, time, sockets } = await watch();
    last().end(code);
    await time.pass(500);
    assert.equal(sockets.length, 2);
  });
}

for (const code of [1002, 1003, 1007, 1009]) {
  test(`${code} doesn't come back`, async () => {
    const { last, time, sockets, state } = await watch();
    last().end(code);
    await time.pass(120_000);
    assert.equal(sockets.length, 1);
    assert.deepEqual(state(), { name: "failed", error: { error: `closed_${code}` } });
  });
}

test("a server that goes away says why it reconnects", async () => {
  const { last, state } = await watch();
  last().end(1001, error("server_shutdown", { retryable: true }));
  assert.equal(state().name, "reconnecting");
  assert.equal(state().error.error, "server_shutdown");
});

for (const [word, name] of Object.entries({
  authentication_failed: "signed-out", access_revoked: "removed", access_denied: "failed",
  invalid_call_sid: "failed", invalid_parameter: "failed", rate_limit_exceeded: "failed",
})) { // prettier-ignore
  test(`1008 after ${word} is ${name}, until someone asks for another try`, async () => {
    const { last, time, sockets, state, live, said } = await watch();
    last().end(1008, error(word));
    assert.deepEqual([state().name, state().error.message], [name, `about ${word}`]);
    assert.deepEqual(said.errors, [word]);
    await time.pass(120_000);
    assert.equal(sockets.length, 1);
    live.retryNow();
    await settled();
    assert.equal(sockets.length, 2);
  });
}

test("1008 without an error before it is not retryable", async () => {
  const { last, state } = await watch();
  last().end(1008);
  assert.equal(state().name, "failed");
});

test("an error that something else followed is not the reason of a close", async () => {
  const { last, state } = await watch();
  last().begin();
  last().say(error("rate_limit_exceeded", { retryable: true }), { type: "call_status", status: "in-progress", metadata: {} });
  last().end(1008);
  assert.equal(state().name, "failed");
});

test("a full call waits at least as long as the server asks, then tries again", async () => {
  const { last, time, sockets, state } = await watch();
  last().end(1008, error("connection_limit_exceeded", { retryable: true, retry_after: 5 }));
  assert.deepEqual([state().name, state().delay, state().limit], ["full", 5_500, null]);
  await time.pass(5_499);
  assert.equal(sockets.length, 1);
  await time.pass(1);
  assert.equal(sockets.length, 2);
});

test("a call that is not there yet is tried for two minutes, and not for longer", async () => {
  const { last, time, sockets, state } = await watch();
  const denied = error("access_denied", { retryable: true, retry_after: 2 });
  const began = time.ms;
  while (state().name !== "failed") {
    last().end(1008, denied);
    if (state().name === "reconnecting") await time.pass(state().delay);
  }
  assert.ok(time.ms - began >= 120_000 && time.ms - began < 120_000 + 32_000);
  assert.ok(sockets.length > 5);
  assert.equal(state().error.error, "access_denied");
});

test("a url function that refuses is believed like the server", async () => {
  for (const [refusal, name] of [
    [new Refused("authentication_failed", "Signed out"), "signed-out"],
    [new Refused("access_denied", "Not yet", { retryable: true }), "reconnecting"],
    [new Refused("server_error", "Busy", { retryable: true, retryAfter: 3 }), "reconnecting"],
  ]) {
    const { state, sockets } = await watch({ url: () => Promise.reject(refusal) });
    assert.equal(state().name, name);
    assert.equal(sockets.length, 0);
    if (refusal.retry_after) assert.equal(state().delay, 3_500);
  }
});
