/** Much work in slices: in order, and with turns for others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inSlices } from "../../static/js/slices.js";

const numbers = (length) => Array.from({ length }, (_, n) => n);

test("a few things are done at once", () => {
  const done = [];
  inSlices(numbers(500), (n) => done.push(n));
  assert.equal(done.length, 500);
});

test("many are done in order, and others have their turn between", async () => {
  const [done, seen] = [[], []];
  const look = () => {
    seen.push(done.length);
    if (done.length < 1700) setTimeout(look);
  };
  setTimeout(look);
  await inSlices(numbers(1700), (n) => done.push(n));
  assert.deepEqual(done, numbers(1700));
  assert.ok(seen.some((length) => length > 0 && length < 1700), String(seen));
});
