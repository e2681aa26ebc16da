/** Where words are found, and how that is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findAll, indexOf, placesIn, position } from "../../static/js/find.js";

const said = (...texts) => texts.map((content, n) => ({ id: `s-${n}`, data: { content } }));

test("words are found without capitals and accents, each once, where they stand", () => {
  assert.deepEqual(placesIn("A cafe, a CAFÉ", "café"), [[2, 6], [10, 14]]);
  assert.deepEqual(placesIn("aaaa", "aa"), [[0, 2], [2, 4]]);
  assert.deepEqual([placesIn("Hello", ""), placesIn("Hello", "x"), placesIn("", "x")], [[], [], []]);
});

test("characters that are several, or become several, don't move what is behind them", () => {
  const decomposed = "cafe\u0301 👍🏽 İstanbul: refund";
  const [[start, end]] = placesIn(decomposed, "REFUND");
  assert.equal(decomposed.slice(start, end), "refund");
  assert.deepEqual(placesIn(decomposed, "café"), [[0, 5]]);
  const [[from, to]] = placesIn("한국어 refund", "국");
  assert.deepEqual([from, to], [1, 2]);
});

test("matches are in speaking order, and the current one is known again when words come before it", () => {
  const found = findAll(said("a refund", "no", "refund, refund"), "refund");
  assert.deepEqual(found.map(({ id, start }) => [id, start]), [["s-0", 2], ["s-2", 0], ["s-2", 8]]);
  assert.equal(indexOf(found, { id: "s-2", start: 8, end: 14 }), 2);
  assert.deepEqual([indexOf(found, null), indexOf(found, { id: "gone", start: 0, end: 6 })], [-1, -1]);
});

test("the count says which of how many, or that there is none", () => {
  assert.deepEqual([position(0, 3, "x"), position(-1, 3, "x"), position(-1, 0, "x"), position(-1, 0, "")], ["1 of 3", "3 found", "No match", ""]);
});
