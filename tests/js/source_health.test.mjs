import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, inWords } from "../../static/js/source_health.js";

test("how long ago is said as the server says it", () => {
  const cases = [[-5, "0 s ago"], [59, "59 s ago"], [60, "1 min ago"], [3600, "1 h ago"], [90_000, "1 day ago"], [2e5, "2 days ago"]];
  for (const [seconds, words] of cases) assert.equal(ago(/** @type {number} */ (seconds)), words);
});

test("a source says how it fares, and since when", () => {
  const now = Date.parse("2026-01-19T12:00:10Z");
  const health = { now: "", last_event_at: "2026-01-19T12:00:07Z", rejections: [{ at: "2026-01-19T12:00:09Z", reason: "" }] };
  const say = (/** @type {any} */ state) => inWords({ ...health, state }, now);
  assert.equal(say("receiving"), "Last event 3 s ago");
  assert.equal(say("refusing"), "The last one was refused, 1 s ago");
  assert.equal(say("waiting"), "Waiting for the first event");
  assert.equal(say("paused"), "Paused: what comes in is refused");
});
