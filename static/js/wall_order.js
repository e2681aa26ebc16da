// @ts-check
/**
 * In which order the calls stand, and how little has to move for it. Orders are coarse on purpose: within a rank what
 * sorts never changes by itself, so that a list in order stays still.
 */
import { alertCount, lengthMs, quietMs, QUIET_MS } from "callboard/wall";

/** @typedef {import("callboard/wall").Call} Call */

export const LONG_MS = 10 * 60_000; // most calls are over by then

/** How much a call needs someone to look, `[rank, more]`: alerts, then silence, then length, then the newest. One that
 * ended keeps the place it had. @param {Call} call @param {number} now @returns {[number, number]} */
export function concern(call, now) {
  const at = call.endedAt ?? now;
  const asRunning = call.endedAt === null ? call : { ...call, status: /** @type {const} */ ("in-progress") };
  const alerts = alertCount(call);
  if (alerts) return [3, alerts];
  if (quietMs(asRunning, at) >= QUIET_MS) return [2, -(call.heardAt ?? call.startedAt ?? 0)];
  if ((lengthMs(asRunning, at) ?? 0) >= LONG_MS) return [1, -(call.startedAt ?? 0)];
  return [0, since(call)];
}

/** @param {Iterable<Call>} calls @param {"newest"|"attention"} order @param {number} now @returns {Call[]} */
export function ordered(calls, order, now) {
  const keyed = [...calls].map((call) => {
    const [rank, more] = order === "attention" ? concern(call, now) : [0, since(call)];
    return { call, rank, more };
  });
  keyed.sort((a, b) => b.rank - a.rank || b.more - a.more || (b.call.appearedAt ?? 0) - (a.call.appearedAt ?? 0)); // else as they came
  return keyed.map(({ call }) => call);
}

/** While someone reads the list or is about to click: nothing that is shown changes its place, or goes. What is new comes
 * where it belongs, behind what it follows.
 * @template T @param {T[]} shown @param {T[]} wanted @returns {T[]} */
export function holding(shown, wanted) {
  const known = new Set(shown);
  /** @type {Map<T|null, T[]>} */ const behind = new Map();
  let last = /** @type {T|null} */ (null);
  for (const one of wanted) {
    if (known.has(one)) last = one;
    else behind.set(last, [...(behind.get(last) ?? []), one]);
  }
  return [...(behind.get(null) ?? []), ...shown.flatMap((one) => [one, ...(behind.get(one) ?? [])])];
}

/** How many have to move or go for it. @template T @param {T[]} held @param {T[]} wanted */
export function changesBetween(held, wanted) {
  const staying = unmoved(held, wanted).size;
  return held.length - wanted.length + (wanted.length - staying); // all of `wanted` are held
}

/** Those of `wanted` that can stay where they are while the others are moved: the most that are in order already.
 * @template T @param {T[]} shown @param {T[]} wanted @returns {Set<T>} */
export function unmoved(shown, wanted) {
  const places = new Map(wanted.map((one, at) => [one, at]));
  const known = shown.filter((one) => places.has(one));
  /** @type {number[]} */ const ends = []; // of the best run of each length, its last one's index in `known`
  const before = known.map((one, index) => {
    const place = /** @type {number} */ (places.get(one));
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (places.get(known[ends[middle]])) < place) low = middle + 1;
      else high = middle;
    }
    ends[low] = index;
    return low ? ends[low - 1] : -1;
  });
  const stay = new Set();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index]) stay.add(known[index]);
  return stay;
}

/** When it began, or was first seen where that is unknown. @param {Call} call */
function since(call) {
  return call.startedAt ?? call.appearedAt ?? 0;
}
