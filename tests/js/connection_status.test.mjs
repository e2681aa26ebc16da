/** Each state in words, with the step that its reader can take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, ending } from "../../static/js/connection_status.js";
import { duration, mmss } from "../../static/js/format.js";

const waiting = { attempt: 2, delay: 700 };
const said = (state) => {
  const { words, step } = describe(state);
  return [words, step];
};

test("live is said in one word, being back with what it brought", () => {
  assert.deepEqual(said({ name: "live", recovered: null }), ["Live", null]);
  assert.deepEqual(said({ name: "live", recovered: 6 }), ["Back, 6 segments recovered", null]);
  assert.deepEqual(said({ name: "live", recovered: 1 }), ["Back, 1 segment recovered", null]);
  assert.deepEqual(said({ name: "live", recovered: 0 }), ["Back, nothing was missed", null]);
});

test("reconnecting says that the page may be behind, and why where that is known", () => {
  assert.deepEqual(said({ name: "reconnecting", ...waiting, error: null }), ["Reconnecting, may be behind · attempt 2", "retry"]);
  const restarting = said({ name: "reconnecting", ...waiting, error: { error: "server_shutdown" } });
  assert.deepEqual(restarting, ["Server restarting, may be behind · attempt 2", "retry"]);
});

test("a full call says how full, if the server ever told", () => {
  const error = { error: "connection_limit_exceeded" };
  assert.deepEqual(said({ name: "full", ...waiting, limit: 10, error }), ["10 of 10 viewers, waiting for a place", "retry"]);
  assert.match(describe({ name: "full", ...waiting, limit: null, error }).words, /^All viewers' places are taken/);
});

test("each final state has a next step", () => {
  const error = { error: "access_denied", message: "Access denied to this call" };
  assert.equal(describe({ name: "signed-out", error }).step, "sign-in");
  assert.equal(describe({ name: "removed", error }).step, "leave");
  assert.deepEqual(said({ name: "failed", error }), ["Not live: Access denied to this call", "reload"]);
  assert.deepEqual(said({ name: "failed", error: { error: "closed_1009" } }), ["Not live: closed 1009", "reload"]);
});

test("an end tells how long and why, as far as that is known", () => {
  assert.equal(ending({ status: "completed", metadata: { duration: 201, reason: "hung-up" } }), "Ended · 3:21 · hung up");
  assert.equal(ending({ status: "failed", metadata: { duration: null, reason: "no-answer" } }), "Failed · no answer");
  assert.equal(ending(null), "Ended");
});

test("a place in the call counts minutes on, a duration has hours", () => {
  assert.deepEqual([mmss(0), mmss(65.9), mmss(4503)], ["0:00", "1:05", "75:03"]);
  assert.deepEqual([duration(151), duration(3752), duration(-3)], ["2:31", "1:02:32", "0:00"]);
});
