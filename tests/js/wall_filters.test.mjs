/** Which calls pass, and how the choice is written in an address. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY, DEFAULTS, filterCount, readChoices, Sieve, writeChoices } from "../../static/js/wall_filters.js";
import { alert, at, row, wallOf, words } from "./wall_calls.mjs";

const lets = (filters, given, seconds = 60) => {
  const wall = wallOf(0, row("CA1", given));
  return new Sieve({ ...DEFAULTS, ...filters }).lets(wall.calls.get("CA1"), at(seconds));
};

test("without filters everything passes", () => {
  assert.ok(lets({}, {}));
  assert.equal(filterCount(DEFAULTS), 0);
});

test("each filter keeps what is not meant away", () => {
  assert.deepEqual([lets({ assistant: "Front desk" }), lets({ assistant: "Repairs" })], [true, false]);
  assert.deepEqual([lets({ direction: "inbound" }), lets({ direction: "outbound" })], [true, false]);
  assert.deepEqual([lets({ over: 1 }, {}, 59), lets({ over: 1 }, {}, 60)], [false, true]);
  const raised = { alerts: [alert("Refund")] };
  assert.deepEqual([lets({ alerts: ANY }, raised), lets({ alerts: ANY }, {})], [true, false]);
  assert.deepEqual([lets({ alerts: "Refund" }, raised), lets({ alerts: "Shouting" }, raised)], [true, false]);
  assert.equal(lets({ direction: "inbound" }, { metadata: { call_type: null } }), false);
});

test("text is looked for in numbers, names and last words, without capitals and accents", () => {
  const given = { metadata: { customer_phone_number: "+1 (555) 014-2", assistant_name: "José" }, last: words("Mi cita, por favor") };
  const passes = (text) => lets({ text }, given);
  assert.deepEqual(["5550142", "555 014", "jose", "JOSÉ cita", "CA1"].map(passes), [true, true, true, true, true]);
  assert.deepEqual(["5559", "cita viernes"].map(passes), [false, false]);
});

test("a call whose words passed stays, though its last words move on", () => {
  const wall = wallOf(0, row("CA1", { last: words("I want a refund") }));
  const sieve = new Sieve({ ...DEFAULTS, text: "refund" });
  assert.ok(sieve.lets(wall.calls.get("CA1"), at(1)));
  wall.update([row("CA1", { last: words("Yes") })], at(2));
  assert.ok(sieve.lets(wall.calls.get("CA1"), at(2)));
  assert.ok(!new Sieve({ ...DEFAULTS, text: "refund" }).lets(wall.calls.get("CA1"), at(2)));
});

test("an address holds what differs from the defaults, and gives it back", () => {
  const choices = { assistant: "Front desk & more", direction: "inbound", over: 5, alerts: ANY, text: "refund", order: "attention", view: "cards" };
  const written = writeChoices(choices);
  assert.equal(written, "?assistant=Front+desk+%26+more&direction=inbound&over=5&alerts=*&q=refund&order=attention&view=cards");
  assert.deepEqual(readChoices(new URLSearchParams(written), DEFAULTS), choices);
  assert.equal(writeChoices(DEFAULTS), "");
});

test("an address that makes no sense changes nothing", () => {
  const query = new URLSearchParams("over=soon&direction=up&order=random&view=x&other=1");
  assert.deepEqual(readChoices(query, DEFAULTS), DEFAULTS);
});
