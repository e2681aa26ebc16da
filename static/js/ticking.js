// @ts-check
/** `<time data-ticking datetime="…start…">`: durations that count on by themselves, by the server's clock. */
import { duration } from "callboard/format";

const SECOND_MS = 1000;

/**
 * Keep the durations under `root` true. Returns what stops it.
 * @param {ParentNode} root @param {() => number} now the server's time, ms
 * @param {() => void} [afterTick] what else changes with the second
 */
export function tick(root, now, afterTick) {
  const update = () => {
    for (const time of root.querySelectorAll("time[data-ticking]")) {
      const text = duration((now() - Date.parse(time.getAttribute("datetime") ?? "")) / SECOND_MS);
      if (time.textContent !== text) time.textContent = text;
    }
    afterTick?.();
  };
  update();
  const timer = setInterval(update, SECOND_MS);
  return () => clearInterval(timer);
}

/** The server's time, as far as the page that it rendered tells. @param {string} renderedAt RFC 3339 */
export function clockSince(renderedAt) {
  const offset = Date.parse(renderedAt) - Date.now();
  return () => Date.now() + (Number.isFinite(offset) ? offset : 0);
}
