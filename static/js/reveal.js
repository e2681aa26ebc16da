// @ts-check
/** Bring a place of the page into sight, just below what sticks to its top, to the pixel.
 *
 * What comes in above it may move it while the page goes there: it is looked at again in the next frames, until it stands
 * still.
 */

const FRAMES = 12; // more than it ever took
const STILL = 2; // frames
const GAP_PX = 8;

let turn = 0; // the latest wins
let running = 0;

/** Whether the page moves because of us, and not of its reader. */
export const isRevealing = () => running !== 0 && running === turn;

/** Below it something can be read, px from the top of the window. */
export function readingLine() {
  for (const head of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".call-top, .call-head, .call-bar"))) {
    const { position, top } = getComputedStyle(head);
    if (position === "sticky") return head.offsetHeight + parseFloat(top) + GAP_PX;
  }
  return GAP_PX;
}

/** @param {{getBoundingClientRect: () => DOMRect}} place an element, or a range of words
 * @param {{isOnlyIfHidden?: boolean}} [how] `isOnlyIfHidden`: what is in sight already stays where it is */
export function reveal(place, { isOnlyIfHidden = false } = {}) {
  const mine = (running = ++turn);
  let [left, still, isUnderWay] = [FRAMES, 0, !isOnlyIfHidden];
  const look = () => {
    if (mine !== turn) return;
    const { top, bottom } = place.getBoundingClientRect();
    const line = readingLine();
    isUnderWay ||= top < line || bottom > innerHeight - GAP_PX;
    const goal = isOnlyIfHidden ? line + (innerHeight - line) / 3 : line;
    const before = scrollY;
    if (isUnderWay && Math.abs(top - goal) >= 1) scrollBy({ top: top - goal, behavior: "instant" });
    still = scrollY === before ? still + 1 : 0;
    if (still > STILL || --left < 0) running = 0;
    else requestAnimationFrame(look);
  };
  look();
}
