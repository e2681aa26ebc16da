// @ts-check
/** Silences between segments that are long enough for a row of their own. macros/segment.html does the same. */
import { duration } from "callboard/format";

const GAP_S = 10;
const MINUTES_FROM_S = 120;

/** @typedef {{segment_start: number|null, segment_end: number|null}} Timed */

/** How far speech has come with this one, s; null while no time is known.
 * @param {number|null} before how far it had come @param {Timed} data */
export function reach(before, { segment_start: start, segment_end: end }) {
  const until = end ?? start;
  return until === null || (before !== null && before > until) ? before : until;
}

/** What the row before a segment says, "" where there is none. @param {number|null} before `reach` @param {Timed} data */
export function gapWords(before, { segment_start: start }) {
  if (before === null || start === null || start - before < GAP_S) return "";
  const seconds = Math.floor(start - before);
  return `${seconds < MINUTES_FROM_S ? `${seconds} s` : duration(seconds)} of silence`;
}
