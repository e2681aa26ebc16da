// @ts-check
/** Times as the server writes them too, so that a page doesn't change its style when it comes alive. */

const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** A place in the call, `75:03`: minutes go on counting. @param {number} seconds */
export function mmss(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${pad(whole % 60)}`;
}

/** How long, `2:31` or `1:02:31`. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return mmss(whole);
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}

/** To the nearest whole number, and of two that are as near to the even one, as Python does. @param {number} x */
export function rounded(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 ? up - 1 : up;
}

/** `8.4 s` @param {number} seconds */
export function tenths(seconds) {
  return `${(rounded(seconds * 10) / 10).toFixed(1)} s`;
}

/** A word of a provider for people: `no-answer` → `no answer`. @param {string} word */
export function plain(word) {
  return word.replace(/[-_]+/g, " ");
}

/** @param {number} n @param {string} noun */
export function counted(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
