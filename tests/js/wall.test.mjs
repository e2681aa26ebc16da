/** What the feed's messages make of the wall. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alertCount, alertNames, ENDED_MS, isNew, lengthMs, quietMs, Wall } from "../../static/js/wall.js";
import { alert, at, callOf, ended, rfc3339, row, wallOf, words } from "./wall_calls.mjs";

test("a call that starts is new for five seconds", () => {
  const wall = wallOf(0);
  const { started, changed } = wall.update([row("CA1")], at(1));
  assert.deepEqual([started, changed], [["CA1"], ["CA1"]]);
  assert.deepEqual([1, 5.9, 6].map((s) => isNew(wall.calls.get("CA1"), at(s))), [true, true, false]);
});

test("what the server rendered is no news, and its next row changes it", () => {
  const wall = new Wall();
  wall.adopt([{ ...row("CA1"), heardAt: at(3) }]);
  const change = wall.replace([row("CA1", { segments: 2 })], at(4));
  assert.deepEqual(change, { changed: ["CA1"], started: [], ended: [], left: [], alerted: [] });
  assert.equal(isNew(wall.calls.get("CA1"), at(4)), false);
});

test("a call that ended stays for a minute, counts no more, and is not brought back", () => {
  const wall = wallOf(0, row("CA1"), row("CA2"));
  assert.deepEqual(wall.update([ended("CA1")], at(10)).ended, ["CA1"]);
  assert.equal(wall.running, 1);
  assert.deepEqual(wall.update([row("CA1")], at(11)).changed, []);
  assert.deepEqual(wall.expire(at(10) + ENDED_MS - 1), []);
  assert.deepEqual(wall.expire(at(10) + ENDED_MS).map(({ call_sid }) => call_sid), ["CA1"]);
  assert.deepEqual([...wall.calls.keys()], ["CA2"]);
});

test("an end is told once", () => {
  const wall = wallOf(0, row("CA1"));
  wall.update([ended("CA1")], at(10));
  assert.deepEqual(wall.update([ended("CA1", { segments: 9 })], at(20)).ended, []);
  assert.equal(wall.calls.get("CA1").endedAt, at(10));
});

test("the end of a call that never was on the wall shows nothing", () => {
  const wall = wallOf(0);
  assert.deepEqual(wall.update([ended("CA9")], at(1)).changed, []);
  assert.equal(wall.calls.size, 0);
});

test("a snapshot replaces everything but what was seen to end", () => {
  const wall = wallOf(0, row("CA1"), row("CA2"), row("CA3"));
  wall.update([ended("CA3")], at(5));
  const change = wall.replace([row("CA2"), row("CA4")], at(30));
  assert.deepEqual(change, { changed: ["CA2", "CA4"], started: ["CA4"], ended: [], left: ["CA1"], alerted: [] });
  assert.deepEqual([...wall.calls.keys()], ["CA2", "CA3", "CA4"]);
});

test("words are as old as the message that brought them; another change makes them no younger", () => {
  const wall = wallOf(0, row("CA1"));
  wall.update([row("CA1", { last: words("Hello") })], at(10));
  wall.update([row("CA1", { last: words("Hello"), viewers: 2 })], at(50));
  assert.equal(quietMs(wall.calls.get("CA1"), at(55)), 45_000);
  wall.update([row("CA1", { last: words("Hello there", { is_final: false }) })], at(56));
  assert.equal(quietMs(wall.calls.get("CA1"), at(57)), 1_000);
});

test("words of a snapshot are as old as they say, and never from the future", () => {
  assert.equal(quietMs(callOf(60, { last: words("Hello", { created_at: rfc3339(10) }) }), at(60)), 50_000);
  assert.equal(quietMs(callOf(60, { last: words("Hello", { created_at: rfc3339(90) }) }), at(60)), 0);
});

test("a call without words is quiet since its start, an ended one never", () => {
  assert.equal(quietMs(callOf(50), at(50)), 50_000);
  assert.equal(quietMs(callOf(50, { started: null }), at(90)), 0);
  const wall = wallOf(0, row("CA1"));
  wall.update([ended("CA1")], at(5));
  assert.equal(quietMs(wall.calls.get("CA1"), at(55)), 0);
});

test("a duration runs from the start, and stops with what the end says", () => {
  const wall = wallOf(0, row("CA1"), row("CA2", { started: null }));
  assert.deepEqual(["CA1", "CA2"].map((sid) => lengthMs(wall.calls.get(sid), at(90))), [90_000, null]);
  wall.update([ended("CA1")], at(200));
  assert.equal(lengthMs(wall.calls.get("CA1"), at(240)), 201_000);
});

test("alerts are known by the names of their rules, with how often each fitted", () => {
  const call = row("CA1", { alerts: [alert("Refund"), alert("Shouting", 3)] });
  assert.deepEqual([alertNames(call), alertCount(call)], [["Refund", "Shouting ×3"], 4]);
});

test("an alert is news once: when a rule was set off more often than was known", () => {
  const wall = new Wall();
  wall.adopt([{ ...row("CA1", { alerts: [alert("Refund")] }), heardAt: null }]);
  const alerted = (...alerts) => wall.update([row("CA1", { alerts })], at(1)).alerted;
  assert.deepEqual(alerted(alert("Refund")), []);
  assert.deepEqual(alerted(alert("Refund", 2), alert("Shouting")), [{ call_sid: "CA1", rules: ["Refund", "Shouting"] }]);
  assert.deepEqual(alerted(alert("Refund", 2), alert("Shouting")), []);
});
