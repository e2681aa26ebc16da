/** Which words stand in which line while they come, change and go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptionLines } from "../../static/js/caption_lines.js";
import { directionOf, flow, textOf, wordsOf } from "../../static/js/caption_words.js";
import { Segments } from "../../static/js/segments.js";
import { transcript } from "./fakes.mjs";

const WIDTH = 12;
const fits = (text) => [...text].length <= WIDTH;
const wordsIn = (text, within = fits) => wordsOf({ id: "s", text, isInterim: true }, within);

/** The lines after each of the texts, one of which replaces the other; `/` between lines. */
function grown(...texts) {
  let lines = [];
  return texts.map((text) => (lines = flow(lines, wordsIn(text), fits)).map(textOf).join("/"));
}

/** Captions of a call that tests tell of. */
function captions() {
  const segments = new Segments();
  const lines = new CaptionLines(fits);
  const hear = (seq, id, content, more = {}) => {
    const change = segments.apply(transcript(seq, { segment_id: id, content, revision: null, ...more }));
    if (change) lines.apply(change);
  };
  return {
    lines,
    drop: () => segments.dropInterims().forEach((change) => lines.apply(change)),
    interim: (id, content, more) => hear(undefined, id, content, more),
    final: (seq, id, content, more) => hear(seq, id, content, more),
    shown: (most = 3) => lines.last(most).map(({ speaker, words }) => `${speaker[0]}:${textOf(words)}`),
  };
}

test("words fill a line, and the next one, and those that are there stay", () => {
  assert.deepEqual(grown("is", "is my bike", "is my bike ready", "is my bike ready on", "is my bike ready on monday"), [
    "is",
    "is my bike",
    "is my bike/ready",
    "is my bike/ready on",
    "is my bike/ready on/monday",
  ]);
});

test("capitals and full stops of the final move nothing", () => {
  assert.deepEqual(grown("is my bike ready on", "Is my bike ready, on?"), ["is my bike/ready on", "Is my bike/ready, on?"]);
});

test("a word that gets shorter pulls no other up, and the line goes not back and forth", () => {
  const texts = ["we have four hundred", "we have for hundred", "we have fo hundred", "we have four hundred"];
  assert.deepEqual(grown(...texts), ["we have four/hundred", "we have for/hundred", "we have fo/hundred", "we have four/hundred"]);
  assert.deepEqual(grown("it will be hundreds", "it will be a", "it will be hundreds"), ["it will be/hundreds", "it will be/a", "it will be/hundreds"]);
});

test("a word that gets longer moves only what no longer fits", () => {
  assert.deepEqual(grown("is my bike ready on", "is my bicycle ready on"), ["is my bike/ready on", "is my/bicycle/ready on"]);
  assert.deepEqual(grown("a b c d e f g h", "aaa b c d e f g h"), ["a b c d e f/g h", "aaa b c d e/f g h"]);
});

test("a word put in or taken out leaves those behind it in their lines", () => {
  assert.deepEqual(grown("my bike ready on", "bike ready on", "my bike is ready on"), ["my bike/ready on", "bike/ready on", "my bike is/ready on"]);
});

test("what is taken back at the end leaves its line empty, and what comes then takes it", () => {
  assert.deepEqual(grown("is my bike ready", "is my bike", "is my bike today", ""), ["is my bike/ready", "is my bike/", "is my bike/today", "/"]);
});

test("a line of which nothing is left closes up, and those behind it stay together", () => {
  assert.deepEqual(grown("aaaaaaaaaaaa bbbbbbbbbbbb cccccc", "aaaaaaaaaaaa cccccc"), ["aaaaaaaaaaaa/bbbbbbbbbbbb/cccccc", "aaaaaaaaaaaa/cccccc"]);
});

test("a word longer than a line is broken between characters, and never within one", () => {
  assert.deepEqual(grown("Donaudampfschiff ja"), ["Donaudampfsc/hiff ja"]);
  const family = "👩‍👩‍👧‍👦";
  const [first] = wordsIn(family.repeat(4), (text) => text.length <= 2 * family.length);
  assert.equal(first.text, family.repeat(2));
  assert.deepEqual(wordsIn(family, () => false).map(({ text }) => text), [family], "what fits nowhere is shown all the same");
});

test("writing without spaces is broken between words, never before a full stop", () => {
  const [line] = grown("自転車の修理は終わりましたか。はい、終わりました。");
  for (const part of line.split("/")) assert.ok(fits(part) && !/^[。、]/.test(part), line);
  assert.equal(line.replaceAll("/", ""), "自転車の修理は終わりましたか。はい、終わりました。");
});

test("of a long text the end is laid out, and it stands still while more comes", () => {
  let lines = [];
  let text = "";
  for (let n = 0; n < 2000; n++) {
    text += ` word${n}`;
    const before = lines;
    lines = flow(lines, wordsIn(text), fits);
    const [was, is] = [before.map(textOf).slice(-3), lines.map(textOf)];
    const at = is.lastIndexOf(was.at(-2) ?? was.at(-1));
    assert.ok(!was.length || (is.slice(at).join(" ").startsWith(was.slice(-2).join(" ")) && is.length - at <= 3), `${n}: ${was} → ${is.slice(-4)}`);
  }
  assert.equal(textOf(lines.at(-1)).split(" ").at(-1), "word1999");
  assert.ok(lines.flat().length < 400);
});

test("whatever changes, lines fit, words keep their order, and what is unchanged at the beginning doesn't move", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 0x7fffffff) % below;
  const word = () => "abcdefghijkl".slice(0, 1 + random(9)) + random(3);
  let [words, lines] = [[], []];
  for (let n = 0; n < 3000; n++) {
    const at = random(words.length + 1);
    const next = words.toSpliced(at, random(3), ...Array.from({ length: random(3) }, word)).slice(0, 40);
    const before = lines;
    lines = flow(lines, wordsIn(next.join(" ")), fits);
    const said = `${before.map(textOf).join("/")} → ${lines.map(textOf).join("/")}`;
    assert.ok(lines.every((line) => fits(textOf(line))), said);
    assert.equal(lines.flat().map(({ text }) => text).join(" "), next.join(" "));
    const placesOf = (of) => of.flatMap((line, row) => line.map(() => row)).slice(0, Math.min(at, next.length));
    assert.deepEqual(placesOf(lines), placesOf(before), said);
    words = next;
  }
});

test("each speaker begins a line, and one who goes on goes on in it", () => {
  const { final, interim, shown } = captions();
  final(1, "a-1", "Good day.", { speaker: "assistant" });
  interim("u-1", "Is it");
  assert.deepEqual(shown(), ["a:Good day.", "u:Is it"]);
  final(2, "u-1", "Is it?");
  interim("u-2", "No");
  assert.deepEqual(shown(), ["a:Good day.", "u:Is it? No"]);
  final(3, "u-3", "Doch", { language: "de" });
  assert.deepEqual(shown(), ["a:Good day.", "u:Is it? No", "u:Doch"]);
});

test("two who speak at once each have a line that grows, and neither moves the other's words to another", () => {
  const { final, interim, lines, shown } = captions();
  interim("u-1", "So I");
  interim("a-1", "Yes", { speaker: "assistant" });
  interim("u-1", "So I thought then");
  interim("a-1", "Yes please", { speaker: "assistant" });
  assert.deepEqual(shown(), ["u:So I thought", "u:then", "a:Yes please"]);
  const ids = lines.last(3).map(({ id }) => id);
  final(1, "u-1", "so i thought, then.");
  assert.deepEqual(shown(4), ["u:so i", "u:thought,", "u:then.", "a:Yes please"]);
  assert.equal(lines.last(1)[0].id, ids[2], "it is the same line, in the same place");
});

test("what began earlier but is heard later comes at the end, where the reader looks", () => {
  const { final, shown } = captions();
  final(1, "a-1", "Hello", { segment_start: 5 });
  final(2, "u-1", "Good day", { segment_start: 1, speaker: "assistant" });
  assert.deepEqual(shown(), ["u:Hello", "a:Good day"]);
});

test("an interim that is withdrawn leaves its place to what comes next", () => {
  const { drop, interim, shown } = captions();
  interim("u-1", "Hm");
  interim("a-1", "Just a moment", { speaker: "assistant" });
  interim("a-1", "", { speaker: "assistant", revision: 9 });
  assert.deepEqual(shown(), ["u:Hm", "a:", "a:"]);
  interim("a-2", "Yes", { speaker: "assistant" });
  assert.deepEqual(shown(), ["u:Hm", "a:Yes", "a:"]);
  interim("u-2", "So");
  assert.deepEqual(shown(), ["u:Hm", "a:Yes", "u:So"]);
  drop();
  interim("u-9", "Again");
  assert.deepEqual(shown(), ["u:Again"]);
});

test("a correction of what has gone from the screen does not come back to it", () => {
  const { final, shown } = captions();
  final(1, "first", "Long ago");
  for (let n = 2; n < 30; n++) final(n, `s-${n}`, "Hello", { speaker: n % 2 ? "user" : "assistant" });
  final(30, "first", "Long, long ago");
  assert.deepEqual(shown(2), ["a:Hello", "u:Hello"]);
  final(31, "s-29", "Hello!");
  assert.deepEqual(shown(2), ["a:Hello", "u:Hello!"]);
});

test("another size lays everything out anew, and clearing leaves nothing", () => {
  const { final, lines, shown } = captions();
  final(1, "s", "Is my bike ready on monday?");
  assert.equal(shown().length, 3);
  lines.fits = (text) => text.length <= 30;
  lines.layAgain();
  assert.deepEqual(shown(), ["u:Is my bike ready on monday?"]);
  lines.clear();
  assert.deepEqual([shown(), lines.isEmpty], [[], true]);
});

test("a text has one direction in all of its lines, and one of the other begins a line", () => {
  assert.deepEqual(["12 Hello שלום", "12 שלום Hello", "12 …", "مرحبا"].map(directionOf), ["ltr", "rtl", null, "rtl"]);
  const { final, lines } = captions();
  final(1, "s-1", "שלום, Callboard מוכן");
  final(2, "s-2", "Hello");
  assert.deepEqual(lines.last(3).map(({ direction }) => direction), ["rtl", "rtl", "ltr"]);
});
