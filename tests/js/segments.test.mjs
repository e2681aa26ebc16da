/** The protocol's rules of what to show, and in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isContinued, isNewer, Segments } from "../../static/js/segments.js";
import { transcript } from "./fakes.mjs";

const final = (seq, id, content, start = null, more = {}) => transcript(seq, { segment_id: id, content, segment_start: start, ...more });
const interim = (revision, id, content, start = null) => transcript(undefined, { segment_id: id, content, segment_start: start, revision });

function shown(...messages) {
  const segments = new Segments();
  const kinds = messages.map((message) => segments.apply(message)?.kind ?? null);
  return { segments, kinds, words: segments.list.map(({ data }) => data.content) };
}

test("an interim grows, and its final takes its place", () => {
  const { kinds, words, segments } = shown(interim(1, "a", "Hel"), interim(2, "a", "Hello"), final(1, "a", "Hello."));
  assert.deepEqual(kinds, ["added", "changed", "changed"]);
  assert.deepEqual(words, ["Hello."]);
  assert.equal(segments.finals, 1);
});

test("of interims the higher revision is shown, in whichever order they come", () => {
  const { kinds, words } = shown(interim(3, "a", "Hello the"), interim(2, "a", "Hello"), interim(3, "a", "Hello the"));
  assert.deepEqual(kinds, ["added", null, null]);
  assert.deepEqual(words, ["Hello the"]);
});

test("a stored entry beats any interim, however high its revision and late its coming", () => {
  assert.deepEqual(shown(final(1, "a", "Hello."), interim(99, "a", "Hell")).words, ["Hello."]);
});

test("a correction takes the place of what it corrects", () => {
  const { kinds, words } = shown(final(1, "a", "Fry day"), final(2, "b", "Yes"), final(3, "a", "Friday"));
  assert.deepEqual(kinds, ["added", "added", "changed"]);
  assert.deepEqual(words, ["Friday", "Yes"]);
});

test("of stored entries the higher seq is shown, whatever their revisions", () => {
  const { words } = shown(final(5, "a", "newer", null, { revision: 1 }), final(4, "a", "older", null, { revision: 7 }));
  assert.deepEqual(words, ["newer"]);
});

test("a withdrawn interim goes, and what was said before it stays away", () => {
  const { kinds, words } = shown(interim(1, "a", "Hel"), interim(3, "a", ""), interim(2, "a", "Hello"));
  assert.deepEqual(kinds, ["added", "removed", null]);
  assert.deepEqual(words, []);
});

test("a withdrawn interim may still become final", () => {
  assert.deepEqual(shown(interim(1, "a", "Hel"), interim(2, "a", ""), final(1, "a", "Hello.")).words, ["Hello."]);
});

test("withdrawing what never was shown shows nothing", () => {
  assert.deepEqual(shown(interim(1, "a", "")).kinds, [null]);
});

test("a stale withdrawal leaves the interim", () => {
  assert.deepEqual(shown(interim(5, "a", "Hello"), interim(4, "a", "")).words, ["Hello"]);
});

test("speaking order is by start, not by coming", () => {
  assert.deepEqual(shown(final(1, "c", "3", 9.1), final(2, "a", "1", 0.5), final(3, "b", "2", 4)).words, ["1", "2", "3"]);
});

test("the same start is in order of seq, and what is not stored yet comes last", () => {
  const { words } = shown(interim(1, "z", "open", 2), final(1, "a", "first", 2), final(2, "b", "second", 2));
  assert.deepEqual(words, ["first", "second", "open"]);
});

test("without starts the order is that of storing, before what is still open", () => {
  const { words } = shown(interim(1, "z", "open"), final(1, "a", "first"), final(2, "b", "second"));
  assert.deepEqual(words, ["first", "second", "open"]);
});

test("a segment without a start stands at its seq among those that have one", () => {
  const { words } = shown(final(1, "a", "1", 1), final(2, "b", "2"), final(3, "c", "3", 7), final(4, "d", "0", 0));
  assert.deepEqual(words, ["0", "1", "2", "3"]);
});

test("an interim that is stored moves to where its final stands", () => {
  const { kinds, words } = shown(interim(1, "a", "one"), interim(1, "b", "two"), final(1, "b", "two."));
  assert.deepEqual(kinds, ["added", "added", "moved"]);
  assert.deepEqual(words, ["two.", "one"]);
});

test("a correction of the start moves the segment, one without a start leaves it", () => {
  const { kinds, words } = shown(final(1, "a", "A", 1), final(2, "b", "B", 2), final(3, "a", "A!", 3), final(4, "a", "A?"));
  assert.deepEqual(kinds, ["added", "added", "moved", "changed"]);
  assert.deepEqual(words, ["B", "A?"]);
});

test("a correction without times keeps those of what it corrects, also of what was withdrawn", () => {
  const times = ({ segments }) => segments.list.map(({ data }) => [data.segment_start, data.segment_end]);
  const spoken = final(1, "a", "A", 1, { segment_end: 2 });
  assert.deepEqual(times(shown(spoken, final(2, "a", "A!"))), [[1, 2]]);
  assert.deepEqual(times(shown(spoken, final(2, "a", "A!", null, { segment_end: 3 }))), [[1, 3]]);
  assert.deepEqual(times(shown(spoken, final(2, "a", "A!", 1.5))), [[1.5, null]]);
  assert.deepEqual(times(shown(spoken, final(2, "a", ""), final(3, "a", "A!"))), [[1, 2]]);
  assert.deepEqual(times(shown(interim(1, "a", "A", 1), final(1, "a", "A!"))), [[null, null]], "of an interim nothing is kept");
});

test("any order of coming with starts gives one order on the screen", () => {
  const messages = [final(1, "a", "A", 4), final(2, "b", "B", 2), final(3, "c", "C", 4), final(4, "d", "D", 0)];
  for (const order of permutations(messages)) assert.deepEqual(shown(...order).words, ["D", "B", "A", "C"]);
});

test("what the page shows already is taken as it stands, and what comes after joins it", () => {
  const segments = new Segments();
  for (const { seq, data } of [final(4, "a", "A", 1), final(2, "b", "B"), final(3, "c", "C", 5)]) {
    segments.adopt({ id: data.segment_id, data, seq, timestamp: "" });
  }
  assert.equal(segments.apply(final(4, "a", "A", 1)), null);
  segments.apply(final(5, "d", "D", 3));
  segments.apply(final(6, "b", "B!"));
  assert.deepEqual(segments.list.map(({ data }) => data.content), ["A", "B!", "D", "C"]);
});

test("after a reconnect the interims that were open may come again as they were", () => {
  const { segments } = shown(final(1, "a", "A"), interim(4, "b", "op"));
  assert.deepEqual(segments.dropInterims().map(({ kind }) => kind), ["removed"]);
  assert.equal(segments.list.length, 1);
  assert.equal(segments.apply(interim(4, "b", "op")).kind, "added");
});

test("a cleared screen forgets everything", () => {
  const { segments } = shown(final(1, "a", "A"));
  segments.clear();
  assert.equal(segments.apply(final(1, "a", "A")).kind, "added");
});

test("less than a second after the same speaker it is one turn", () => {
  const before = { speaker: "user", segment_end: 5 };
  const said = (start, speaker = "user") => ({ speaker, segment_start: start });
  assert.ok(isContinued(before, said(5.9)));
  assert.ok(!isContinued(before, said(6)));
  assert.ok(!isContinued(before, said(5.2, "assistant")));
  assert.ok(!isContinued(before, said(null)));
  assert.ok(!isContinued(undefined, said(0)));
});

test("a revision that the server left out is newer than one before it", () => {
  assert.ok(isNewer({ seq: Infinity, revision: 3 }, Infinity, null));
  assert.ok(isNewer(undefined, Infinity, null));
});

function* permutations([head, ...tail]) {
  if (!tail.length) return yield [head];
  for (const rest of permutations(tail)) {
    for (let at = 0; at <= rest.length; at++) yield [...rest.slice(0, at), head, ...rest.slice(at)];
  }
}
