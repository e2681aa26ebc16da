/** The timeline of a call, by hand; tests/test_call_timeline.py has the same cases. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { timelineOf } from "./timelines.mjs";

const cases = JSON.parse(readFileSync(new URL("../timeline_cases.json", import.meta.url), "utf8"));

for (const { name, expected, ...call } of cases) {
  test(name, () => {
    const found = timelineOf(call);
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected);
  });
}

test("as a call grows, its scale changes at the steps of a ladder only", () => {
  const ends = new Set(Array.from({ length: 1000 }, (_, s) => timelineOf({ said: [], lasted: s, is_over: false }).end / 1000));
  assert.deepEqual([...ends], [60, 90, 120, 180, 240, 360, 480, 600, 900, 1200]);
});
