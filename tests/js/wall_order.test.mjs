/** In which order calls stand, and what may move. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, holding, ordered, unmoved } from "../../static/js/wall_order.js";
import { alert, at, ended, row, wallOf, words } from "./wall_calls.mjs";

const sids = (wall, order, seconds) => ordered(wall.calls.values(), order, at(seconds)).map(({ call_sid }) => call_sid);

test("the newest is first; one whose start is unknown stands where it was first seen", () => {
  const wall = wallOf(0, row("CA1", { started: 0 }), row("CA3", { started: 20 }));
  wall.update([row("CA2", { started: null })], at(10));
  assert.deepEqual(sids(wall, "newest", 60), ["CA3", "CA2", "CA1"]);
});

test("alerts need attention first, then silence, then length, then the newest", () => {
  const heard = { last: words("Hello") };
  const wall = wallOf(700, row("new", { started: 690, ...heard }), row("newer", { started: 695, ...heard }), row("long", { started: 10, ...heard }));
  wall.update([row("quiet", { started: 600 }), row("quieter", { started: 500 })], at(700));
  wall.update([row("alert", { started: 650, alerts: [alert("Refund")] }), row("alerts", { started: 640, alerts: [alert("Refund", 2)] })], at(700));
  assert.deepEqual(sids(wall, "attention", 710), ["alerts", "alert", "quieter", "quiet", "long", "newer", "new"]);
});

test("time alone changes the order only where a call crosses a line", () => {
  const wall = wallOf(0, row("CA1", { started: 0 }), row("CA2", { started: 20 }));
  const seen = [10, 44, 45, 64, 65, 500].map((seconds) => sids(wall, "attention", seconds).join());
  assert.deepEqual(seen, ["CA2,CA1", "CA2,CA1", "CA1,CA2", "CA1,CA2", "CA1,CA2", "CA1,CA2"]);
});

test("one that ends keeps its place", () => {
  const wall = wallOf(0, row("CA1", { started: 0 }), row("CA2", { started: 10, last: words("Hello") }), row("CA3", { started: 5, last: words("Yes") }));
  assert.deepEqual(sids(wall, "attention", 44), ["CA2", "CA3", "CA1"]);
  wall.update([ended("CA1", { started: 0 })], at(44));
  wall.update([row("CA2", { started: 10, last: words("And so") }), row("CA3", { started: 5, last: words("No") })], at(80));
  assert.deepEqual(sids(wall, "attention", 100), ["CA2", "CA3", "CA1"]);
});

test("while someone reads, nothing moves or goes, and what is new comes behind what it follows", () => {
  const held = (shown, wanted) => holding([...shown], [...wanted]).join("");
  assert.equal(held("abc", "cba"), "abc");
  assert.equal(held("abc", "ac"), "abc");
  assert.equal(held("abc", "xcyba"), "xabcy");
  assert.equal(held("", "ab"), "ab");
});

test("what is held back is counted: those that have to move, and those that have to go", () => {
  const changes = (held, wanted) => changesBetween([...held], [...wanted]);
  assert.deepEqual([changes("abc", "abc"), changes("abc", "ac"), changes("abcd", "dabc"), changes("abcd", "cb")], [0, 1, 1, 3]);
});

test("of what is in order, as much as possible is not moved", () => {
  const staying = (shown, wanted) => [...unmoved([...shown], [...wanted])].sort().join("");
  assert.equal(staying("abcde", "eabcd"), "abcd");
  assert.equal(staying("abcde", "bcdea"), "bcde");
  assert.equal(staying("abc", "xaybz"), "ab");
  assert.equal(staying("abcd", "dcba").length, 1);
  assert.equal(staying("", "ab"), "");
});
