/** When the page says that it is behind, and when no more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Behind } from "../../static/js/behind.js";
import { describe } from "../../static/js/connection_status.js";

/** What is said after messages that were each so many seconds late, a second apart. */
function said(...late) {
  const behind = new Behind();
  return late.map((seconds, n) => {
    behind.heard(n * 1000 - seconds * 1000, n * 1000);
    return behind.seconds(n * 1000);
  });
}

test("three seconds late is behind, and only well below that it is not any more", () => {
  assert.deepEqual(said(0.2, 2.9, 3, 2.9, 1.6, 1.4, 2.9), [0, 0, 3, 3, 3, 0, 0]);
});

test("the number changes only where it says something else", () => {
  assert.deepEqual(said(8, 9, 9.9, 10, 12.4), [8, 8, 8, 10, 12]);
});

test("while nothing comes nothing is known to be late, nor on another connection", () => {
  const behind = new Behind();
  behind.heard(0, 8000);
  assert.deepEqual([behind.seconds(13_000), behind.seconds(13_001)], [8, 0]);
  behind.forget();
  assert.equal(behind.seconds(8000), 0);
});

test("a clock that is ahead of the server's is no lateness", () => {
  assert.deepEqual(said(-5, NaN), [0, 0]);
});

test("it is said instead of being live", () => {
  assert.deepEqual(describe({ name: "live", recovered: null }, 8), { tone: "behind", words: "Behind by 8 s", step: null });
});
