// @ts-check
/** Which segment is read just now. */
import { readingLine } from "callboard/reveal";
import { bottomBeside } from "callboard/segment_groups";

/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */

/** The one with the focus; else the newest where the reader follows; else the one at the line below what sticks to the top.
 * @param {TranscriptElement} transcript @param {boolean} isFollowing @returns {import("callboard/segments").Segment|undefined} */
export function readSegment(transcript, isFollowing) {
  const { list } = transcript.segments;
  const focused = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest(".segment"));
  const chosen = focused && transcript.segments.get(focused.dataset.segmentId ?? "");
  if (chosen || isFollowing) return chosen ?? list.at(-1);
  const line = readingLine();
  return list[firstBelow(list.length, line, (at) => bottomOf(transcript, list[at].id, line))] ?? list.at(-1);
}

/** The first of so many, one below the other, that ends below the line; `count`: none does.
 * @param {number} count @param {number} line px @param {(at: number) => number} bottom px */
export function firstBelow(count, line, bottom) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bottom(middle) > line) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @param {TranscriptElement} transcript @param {string} id @param {number} line px */
function bottomOf(transcript, id, line) {
  const node = transcript.nodeOf(id);
  return node?.isConnected ? bottomBeside(node, line) : 0;
}
