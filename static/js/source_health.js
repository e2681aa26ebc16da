// @ts-check
/** How a source fares, in the words that the server uses too. Pure. */

/** @typedef {"waiting"|"receiving"|"refusing"|"paused"} SourceState */
/** @typedef {{at: string, reason: string}} Refusal newest first */
/** @typedef {{now: string, state: SourceState, last_event_at: string|null, rejections: Refusal[]}} Health */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** `3 s ago`, `4 min ago`, `2 h ago`, `5 days ago`. @param {number} seconds */
export function ago(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s ago`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ago`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ago`;
  const days = Math.floor(whole / DAY);
  return `${days} day${days > 1 ? "s" : ""} ago`;
}

/** @param {Health} health @param {number} now the server's time, ms */
export function inWords(health, now) {
  const since = (/** @type {string|null|undefined} */ at) => ago((now - Date.parse(at ?? "")) / 1000);
  if (health.state === "paused") return "Paused: what comes in is refused";
  if (health.state === "waiting") return "Waiting for the first event";
  if (health.state === "refusing") return `The last one was refused, ${since(health.rejections[0]?.at)}`;
  return `Last event ${since(health.last_event_at)}`;
}
