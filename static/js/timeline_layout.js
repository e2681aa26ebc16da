// @ts-check
/**
 * Who spoke when on a call, laid out: as handlers/timeline_layout.py does it, in whole numbers, so that a page goes on
 * with what the server drew. tests/timeline_cases.json holds both to it. No screen. Times in ms from the answer.
 *
 * @typedef {import("./measures.js").Said} Said
 * @typedef {{start: number, end: number}} Span
 * @typedef {{at: number, name: string, id: string|null}} Mark
 */
import { timed, TURN_MS, YIELD_MS } from "callboard/measures";

export const UNITS = 2000;
export const LAST_MS = 86_400_000;
const SILENCE_MS = 5000;
const ENDS_S = [
  60, 90, 120, 180, 240, 360, 480, 600, 900, 1200, 1800, 2700,
  3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 64_800, 86_400,
];
const TICKS_S = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
const MOST_TICKS = 6;
const NEAR = 20;

/** The finals that can be drawn, in order, and how many cannot.
 * @param {any[]} segments @returns {{said: Said[], untimed: number}} */
export function placed(segments) {
  const { said, untimed } = timed(segments);
  const drawn = said.filter(({ end }) => end <= LAST_MS);
  return { said: drawn, untimed: untimed[0] + untimed[1] + said.length - drawn.length };
}

/** Of each speaker what is less than `gap` apart as one, under the id of its first segment; in order of start.
 * @param {Said[]} said @returns {Said[]} */
export function stretches(said, gap = TURN_MS) {
  /** @type {Said[]} */ const found = [];
  /** @type {(Said|undefined)[]} */ const last = [undefined, undefined];
  for (const one of said) {
    const before = last[one.who];
    if (before && one.start - before.end < gap) before.end = Math.max(before.end, one.end);
    else found.push((last[one.who] = { ...one }));
  }
  return found;
}

/** When both spoke; not where they only took turns. @param {Said[]} said @returns {Span[]} */
export function overlaps(said) {
  const whole = stretches(said, 1);
  const [users, assistants] = [0, 1].map((who) => whole.filter((one) => one.who === who));
  /** @type {Span[]} */ const found = [];
  for (let u = 0, a = 0; u < users.length && a < assistants.length; ) {
    const start = Math.max(users[u].start, assistants[a].start);
    const end = Math.min(users[u].end, assistants[a].end);
    if (end - start >= YIELD_MS) found.push({ start, end });
    if (users[u].end < assistants[a].end) u++;
    else a++;
  }
  return found;
}

/** When nobody spoke, for 5 s or longer, from the answer on. @param {Said[]} said @param {number} until @returns {Span[]} */
export function silences(said, until) {
  /** @type {Span[]} */ const found = [];
  let furthest = 0;
  for (const { start, end } of [...said, { start: until, end: until }]) {
    if (start - furthest >= SILENCE_MS) found.push({ start: furthest, end: start });
    furthest = Math.max(furthest, end);
  }
  return found;
}

/** Who began last by then. @param {Said[]} said @param {number} moment @returns {string|null} */
export function segmentAt(said, moment) {
  let [low, high] = [0, said.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (said[middle].start <= moment) low = middle + 1;
    else high = middle;
  }
  return low ? said[low - 1].id : null;
}

/** Where the drawing ends: with the call, or, while it grows, at a step that it doesn't reach too soon.
 * @param {number} until @param {boolean} isOver */
export function axisEnd(until, isOver) {
  if (isOver) return Math.max(until, 1000);
  return (ENDS_S.find((step) => step * 1000 > until) ?? LAST_MS / 1000) * 1000;
}

/** @param {number} end @returns {number[]} */
export function ticks(end) {
  const step = (TICKS_S.find((one) => end <= one * 1000 * MOST_TICKS) ?? TICKS_S[TICKS_S.length - 1]) * 1000;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, n) => n * step);
}

/** @param {number} moment @param {number} end */
export function units(moment, end) {
  return Math.min(Math.floor((moment * UNITS) / end), UNITS);
}

/** Boxes of height 1 as an SVG path; what is too near for a gap to be seen is one.
 * @param {Span[]} spans @param {number} end */
export function path(spans, end) {
  /** @type {[number, number][]} */ const boxes = [];
  for (const span of spans) {
    const left = Math.min(units(span.start, end), UNITS - 2);
    const right = Math.max(units(span.end, end), left + 2);
    const last = boxes[boxes.length - 1];
    if (last && left - last[1] <= 1) last[1] = Math.max(last[1], right);
    else boxes.push([left, right]);
  }
  return boxes.map(([left, right]) => `M${left} 0H${right}V1H${left}Z`).join("");
}

/** @param {number} moment @param {number} end */
export function percent(moment, end) {
  return `${units(moment, end) / (UNITS / 100)}%`;
}

/** The marks to draw, of marks in order: what is too near to be told apart stands where the first does, as one.
 * @param {Mark[]} marks @param {number} end @returns {Mark[]} */
export function joined(marks, end) {
  /** @type {Mark[][]} */ const groups = [];
  for (const mark of marks) {
    const last = groups[groups.length - 1];
    if (last && units(mark.at, end) - units(last[0].at, end) < NEAR) last.push(mark);
    else groups.push([mark]);
  }
  return groups.map((group) => ({ ...group[0], name: [...new Set(group.map(({ name }) => name))].join(", ") }));
}
