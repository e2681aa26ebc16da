/** What is told outside of the page, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords, isWanted } from "../../static/js/notify.js";

const raised = (caller, ...rules) => ({ caller, call_sid: caller, rules });

test("a notification names rules and callers, and joins what comes together", () => {
  assert.deepEqual(inWords([raised("+15550142", "Refund", "Shouting")]), { title: "Refund, Shouting", body: "+15550142" });
  const five = ["1", "2", "3", "4", "5"].map((caller) => raised(caller, "Refund"));
  assert.deepEqual(inWords(five), { title: "5 calls: Refund", body: "1, 2, 3 and 2 more" });
  assert.deepEqual(inWords([raised("1", "Refund"), raised("1", "Refund")]), { title: "Refund", body: "1" });
});

test("nobody is told who did not ask, or muted it for now", () => {
  assert.equal(isWanted({ isOn: false, mutedUntil: 0 }, 10), false);
  assert.deepEqual([9, 10].map((now) => isWanted({ isOn: true, mutedUntil: 10 }, now)), [false, true]);
});
