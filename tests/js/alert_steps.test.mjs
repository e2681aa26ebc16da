/** Which alert is the next one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../static/js/alert_steps.js";

test("the next one is the first below the line, the previous one the last above it, and after the end comes the beginning", () => {
  const tops = [-900, -200, 0, 350, 800];
  assert.deepEqual([step(tops, 1), step(tops, -1)], [3, 1]);
  assert.deepEqual([step([-9, 0.4], 1), step([-0.4, 9], -1)], [0, 1]);
  assert.deepEqual([step([], 1), step([], -1), step([0], 1), step([0], -1)], [-1, -1, 0, 0]);
});
