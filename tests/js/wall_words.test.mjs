/** What the wall says, and how often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meaning } from "../../static/js/wall_keys.js";
import { alertsInWords, backInWords, endingInWords, News, newsInWords, quietFor, share } from "../../static/js/wall_words.js";
import { FakeTime } from "./fakes.mjs";
import { ended } from "./wall_calls.mjs";

test("silence is told in seconds, later in minutes", () => {
  assert.deepEqual([45_900, 119_000, 120_000, 400_000].map(quietFor), ["quiet 45 s", "quiet 119 s", "quiet 2 min", "quiet 6 min"]);
});

test("alerts, shares, endings and returns read as sentences do", () => {
  assert.deepEqual([alertsInWords([]), alertsInWords(["Refund"]), alertsInWords(["A", "B", "C", "D"])], ["", "Refund", "A, B +2"]);
  assert.deepEqual([share(7, 12), share(0, 1)], ["7 of 12 calls", "0 of 1 call"]);
  assert.equal(endingInWords(ended("CA1")), "Ended · hung up");
  assert.equal(backInWords({ started: 2, left: 1 }), "Back, 2 new calls, 1 ended meanwhile");
  assert.equal(backInWords({ started: 0, left: 0 }), "Back, same calls as before");
  assert.deepEqual([newsInWords({ started: 1, ended: 0 }), newsInWords({ started: 0, ended: 2 })], ["1 new call", "2 calls ended"]);
});

test("news is merged, and said at most every ten seconds", async () => {
  const time = new FakeTime();
  const said = [];
  const news = new News((text) => said.push(text), time.setTimeout);
  news.heard(1, 0);
  news.heard(1, 1);
  await time.pass(1_999);
  assert.deepEqual(said, []);
  await time.pass(1);
  assert.deepEqual(said, ["2 new calls, 1 ended"]);
  news.heard(0, 1);
  await time.pass(9_999);
  assert.equal(said.length, 1);
  await time.pass(1);
  assert.equal(said[1], "1 call ended");
  await time.pass(60_000);
  assert.equal(said.length, 2);
});

test("keys mean something where they should, and letters only where they are switched on", () => {
  const press = (key, where, more = {}) => meaning({ key, where, hasModifier: false, hasLetters: true, ...more });
  assert.deepEqual(["j", "k", "/", "?"].map((key) => press(key, "elsewhere")), ["next", "previous", "filter", "help"]);
  assert.deepEqual(["ArrowDown", "ArrowLeft"].map((key) => press(key, "list")), ["next", "left"]);
  assert.equal(press("ArrowDown", "elsewhere"), null); // that scrolls
  for (const where of ["field", "filter"]) for (const key of ["j", "k", "/", "?"]) assert.equal(press(key, where), null);
  assert.deepEqual([press("Escape", "filter"), press("ArrowDown", "filter"), press("Escape", "list")], ["leave", "enter-list", "close"]);
  assert.deepEqual([press("j", "list", { hasLetters: false }), press("ArrowUp", "list", { hasLetters: false })], [null, "previous"]);
  assert.equal(press("j", "list", { hasModifier: true }), null);
});
