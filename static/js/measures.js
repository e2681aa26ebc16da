// @ts-check
/**
 * What a call measures: the rules of measures.py, so that a page goes on with the numbers that the server gave it, all
 * of them anew each time. No screen. Times in ms, whole, until the numbers are told. Interims don't count.
 *
 * @typedef {import("./messages.js").TranscriptData} TranscriptData
 * @typedef {{start: number, end: number, who: 0|1, id: string}} Said a segment that has times
 *
 * @typedef {object} Numbers in s; null is unknown; docs/exports.md says what each is
 * @property {number|null} talk_time_user
 * @property {number|null} talk_time_assistant
 * @property {number|null} talk_share_user 0 to 1
 * @property {number|null} talk_share_assistant
 * @property {number|null} silence_time
 * @property {number|null} longest_silence
 * @property {number|null} longest_silence_start
 * @property {number|null} interruptions
 * @property {number|null} interruptions_by_user
 * @property {number|null} interruptions_by_assistant
 * @property {number|null} average_response_time
 * @property {number} segments_without_times
 */
import { rounded } from "callboard/format";

export const TURN_MS = 1000; // who goes on speaking within it has not begun anew
export const YIELD_MS = 200; // two who overlap by less took turns
const LAST_S = 1e9; // of a producer that counts in something else
const USER = 0, ASSISTANT = 1; // prettier-ignore

/** Of a time from the answer. @param {number} seconds */
export function milliseconds(seconds) {
  return rounded(Math.min(Math.max(seconds, 0), LAST_S) * 1000);
}

/** The finals: those with times, in order, and of each speaker how many have none.
 * @param {{id: string, seq: number, data: TranscriptData}[]} segments in speaking order
 * @returns {{said: Said[], untimed: [number, number]}} */
export function timed(segments) {
  /** @type {Said[]} */ const said = [];
  /** @type {[number, number]} */ const untimed = [0, 0];
  for (const { id, seq, data } of segments) {
    if (seq === Infinity) continue;
    const who = data.speaker === "assistant" ? ASSISTANT : USER;
    const { segment_start: start, segment_end: end } = data;
    if (start === null || end === null || end < start) untimed[who]++;
    else said.push({ start: milliseconds(start), end: milliseconds(end), who, id });
  }
  said.sort((a, b) => a.start - b.start || a.end - b.end || a.who - b.who);
  return { said, untimed };
}

/** @param {{id: string, seq: number, data: TranscriptData}[]} segments
 * @param {number|null} [ended] when the call was over, s from the answer; null: it goes on, or that is not known
 * @returns {Numbers} */
export function measure(segments, ended = null) {
  const { said, untimed } = timed(segments);
  const sweep = new Sweep();
  for (const one of said) sweep.take(one);
  if (ended !== null) sweep.rest(rounded(ended * 1000));
  const isTimed = said.length > 0;
  const isWhole = isTimed && !untimed[USER] && !untimed[ASSISTANT];
  const [user, assistant] = sweep.talked;
  const both = user + assistant;
  /** @param {number|null} ms */
  const whole = (ms) => (isWhole && ms !== null ? ms / 1000 : null);
  /** @param {number} n */
  const counted = (n) => (isWhole ? n : null);
  /** @param {0|1} who */
  const share = (who) => (isWhole && both ? rounded((1000 * sweep.talked[who]) / both) / 1000 : null);
  return {
    talk_time_user: isTimed && !untimed[USER] ? user / 1000 : null,
    talk_time_assistant: isTimed && !untimed[ASSISTANT] ? assistant / 1000 : null,
    talk_share_user: share(USER),
    talk_share_assistant: share(ASSISTANT),
    silence_time: whole(sweep.silence),
    longest_silence: whole(sweep.longest),
    longest_silence_start: whole(sweep.longestStart),
    interruptions: counted(sweep.interrupted[USER] + sweep.interrupted[ASSISTANT]),
    interruptions_by_user: counted(sweep.interrupted[USER]),
    interruptions_by_assistant: counted(sweep.interrupted[ASSISTANT]),
    average_response_time: whole(sweep.responses ? rounded(sweep.waited / sweep.responses) : null),
    segments_without_times: untimed[USER] + untimed[ASSISTANT],
  };
}

/** What is known after some segments, in order of their starts. */
class Sweep {
  /** Of whoever spoke longest so far; before, the answer. */ end = 0;
  /** Who that was. @type {0|1|null} */ last = null;
  silence = 0;
  longest = 0;
  /** @type {number|null} */ longestStart = null;
  /** For the assistant, all times together. */ waited = 0;
  responses = 0;
  talked = [0, 0];
  /** The stretch in which each spoke last; -1: not yet. */ begun = [-1, -1];
  ended = [-1, -1];
  /** By each. */ interrupted = [0, 0];

  /** @param {Said} said */
  take({ start, end, who }) {
    const other = 1 - who;
    this.rest(start);
    if (who === ASSISTANT && this.last === USER && start >= this.end) {
      this.waited += start - this.end;
      this.responses++;
    }
    const begins = this.ended[who] < 0 || start - this.ended[who] >= TURN_MS;
    const isOver = this.begun[other] >= 0 && this.begun[other] < start && this.ended[other] - start >= YIELD_MS;
    if (begins && isOver) this.interrupted[who]++;
    if (this.ended[who] < start) this.begun[who] = start;
    if (end > this.ended[who]) {
      this.talked[who] += end - Math.max(start, this.ended[who]);
      this.ended[who] = end;
    }
    if (end >= this.end) [this.end, this.last] = [end, who];
  }

  /** Nobody spoke from the last words until then. @param {number} until */
  rest(until) {
    const gap = until - this.end;
    if (gap <= 0) return;
    this.silence += gap;
    if (gap > this.longest) [this.longest, this.longestStart] = [gap, this.end];
  }
}
