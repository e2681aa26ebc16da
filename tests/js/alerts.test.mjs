/** What a call's alerts are about, and what is cut out of its words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Alerts, merged, pieces, ruleNames } from "../../static/js/alerts.js";

const alert = (id, more = {}) => ({ id, rule: "Refund", rule_id: 1, segment_id: "s-1", seq: 1, spans: [[0, 4]], at: "…", ...more });

test("an alert that comes again is the same one, and news only where it is about a newer entry", () => {
  const alerts = new Alerts();
  assert.deepEqual([alert(1), alert(1), alert(1, { seq: 3 }), alert(1)].map((one) => alerts.take(one)), [true, false, true, false]);
  assert.equal(alerts.count, 1);
  assert.deepEqual(alerts.spans("s-1", 3), [[0, 4]]);
  assert.deepEqual(alerts.spans("s-1", 1), []);
});

test("unfinished words raise one that its final makes its own", () => {
  const alerts = new Alerts();
  assert.equal(alerts.take(alert(1, { seq: null, spans: [[3, 9]] })), true);
  assert.deepEqual(alerts.spans("s-1", Infinity), []);
  assert.equal(alerts.take(alert(1, { seq: 7, spans: [[2, 8]] })), true);
  assert.deepEqual(alerts.spans("s-1", 7), [[2, 8]]);
});

test("a segment has its alerts in order, a silence belongs to none, and clearing forgets all", () => {
  const alerts = new Alerts();
  for (const one of [alert(5, { rule: "B" }), alert(2, { rule: "A" }), alert(9, { segment_id: null, spans: null }), alert(11, { rule: "A" })]) alerts.take(one);
  assert.equal(ruleNames(alerts.ofSegment("s-1")), "A, B");
  assert.equal(alerts.count, 4);
  alerts.clear();
  assert.deepEqual([alerts.count, alerts.ofSegment("s-1")], [0, []]);
});

test("spans of several rules are marked once", () => {
  assert.deepEqual(merged([[5, 9], [0, 2], [6, 7], [8, 12], [2, 3]]), [[0, 3], [5, 12]]);
  const alerts = new Alerts();
  alerts.take(alert(1, { spans: [[4, 8]] }));
  alerts.take(alert(2, { spans: [[6, 10]] }));
  alerts.take(alert(3, { spans: null }));
  assert.deepEqual(alerts.spans("s-1", 1), [[4, 10]]);
});

test("spans count characters, not the halves of an emoji", () => {
  assert.deepEqual(pieces("👍🏽 a refund", [[5, 11]]), ["👍🏽 a ", "refund", ""]);
  assert.deepEqual(pieces("refund now refund", [[0, 6], [11, 17]]), ["", "refund", " now ", "refund", ""]);
  assert.deepEqual(pieces("short", [[2, 99]]), ["sh", "ort", ""]);
});
