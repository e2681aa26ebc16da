/** What a page measures, by hand; tests/test_measures.py has the same cases. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { measure } from "../../static/js/measures.js";
import { segments } from "./measured.mjs";

const cases = JSON.parse(readFileSync(new URL("../measures_cases.json", import.meta.url), "utf8"));

for (const { name, said, ended, expected } of cases) {
  test(name, () => {
    const found = measure(segments(said), ended);
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected);
  });
}

test("what is not final yet doesn't count", () => {
  const [first, second] = segments([["u", 0, 2], ["a", 3, 5]]);
  assert.equal(measure([first, { ...second, seq: Infinity }]).talk_time_assistant, 0);
});
