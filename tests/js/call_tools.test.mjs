/** Keys, silences and the text that is copied: what a call's page does without a screen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pressed } from "../../static/js/call_keys.js";
import { gapWords, reach } from "../../static/js/gaps.js";
import { Segments } from "../../static/js/segments.js";
import { transcriptText } from "../../static/js/transcript_text.js";
import { transcript } from "./fakes.mjs";

const press = (key, more = {}) => pressed({ key, hasModifier: false, where: "elsewhere", hasLetters: true, ...more }).length > 0;

test("letters press buttons, but not in a field, nor with a modifier, nor where they are switched off", () => {
  for (const key of ["f", "/", "n", "p", "m", "j", "k", "?"]) {
    const more = [{}, { where: "field" }, { hasModifier: true }, { hasLetters: false }];
    assert.deepEqual(more.map((how) => press(key, how)), [true, false, false, false], key);
  }
  assert.ok(!press("toString") && !press("x"));
});

test("End and Escape are no letters, and arrows are for who is in a segment already", () => {
  assert.ok(press("End", { hasLetters: false }) && press("Escape", { hasLetters: false }));
  assert.deepEqual([press("ArrowDown"), press("ArrowDown", { where: "segment", hasLetters: false })], [false, true]);
});

test("a silence is counted from the last words of anyone, and told from ten seconds on", () => {
  const timed = (segment_start, segment_end) => ({ segment_start, segment_end });
  const until = [timed(0, 20), timed(5, 7), timed(null, null), timed(21, null)].reduce(reach, null);
  assert.equal(until, 21);
  assert.deepEqual([gapWords(21, timed(30.9, null)), gapWords(21, timed(31, 33)), gapWords(null, timed(31, 33))], ["", "10 s of silence", ""]);
  assert.deepEqual([gapWords(0, timed(119.9, null)), gapWords(0, timed(125, null)), gapWords(0, timed(null, null))], ["119 s of silence", "2:05 of silence", ""]);
});

test("copied is what is stored, in speaking order, a line for each, as in the TXT export", () => {
  const segments = new Segments();
  segments.apply(transcript(1, { segment_id: "b", content: "Two\nlines\u202e", segment_start: 3601 }));
  segments.apply(transcript(2, { segment_id: "a", content: "First.", segment_start: 5, speaker: "assistant" }));
  segments.apply(transcript(3, { segment_id: "c", content: "No time." }));
  segments.apply(transcript(undefined, { segment_id: "d", content: "Not yet", segment_start: 4000 }));
  const text = transcriptText(segments.list, { user: "Customer", assistant: "Front desk" });
  assert.equal(text, "[0:05] Front desk: First.\n[1:00:01] Customer: Two lines\nCustomer: No time.\n");
});
