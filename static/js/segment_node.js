// @ts-check
/** A segment as a node of the page: read from what macros/segment.html made, and written as it does. Text stays text. */
import { showMarked, showNames } from "callboard/alert_words";
import { showWords } from "callboard/chips";
import { mmss } from "callboard/format";

/** @typedef {import("callboard/segments").Segment} Segment */
/** @typedef {import("callboard/messages").TranscriptData} TranscriptData */

const UNSURE = 0.6; // confidence below which words are underlined; templates/macros/segment.html has the same
export const wallClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
const part = (root, selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
/** @param {string|undefined} text */
const numberOrNull = (text) => (text ? Number(text) : null);

/** As the server rendered it. @param {HTMLElement} node @returns {Omit<Segment, "place">} */
export function readSegment(node) {
  const { segmentId: id = "", seq, speaker, start, end, revision } = node.dataset;
  const words = part(node, ".segment-words");
  const data = /** @type {TranscriptData} */ ({
    segment_id: id, speaker, content: words.textContent ?? "", is_final: true, revision: numberOrNull(revision),
    segment_start: numberOrNull(start), segment_end: numberOrNull(end),
    created_at: part(node, "time").getAttribute("datetime"), language: words.lang || null,
    confidence: words.classList.contains("is-unsure") ? 0 : null, // as much of it as the page tells
  }); // prettier-ignore
  return { id, data, seq: Number(seq), timestamp: "" };
}

/** The reader's clock as the title of a time, which the server can't know. @param {HTMLTimeElement} time */
export function localiseTime(time) {
  if (time.dateTime) time.title = wallClock.format(new Date(time.dateTime));
}

/** @param {HTMLElement} node @param {Segment} segment
 * @param {{isAnnounced: boolean, name: string, startedAt: number, spans: [number, number][],
 *   alerts: import("callboard/alerts").AlertData[]}} how `isAnnounced`: screen readers shall tell of its words;
 *   `startedAt` of the call, ms or NaN; `spans` of alerts in it */
export function writeSegment(node, { id, data, seq }, { isAnnounced, name, startedAt, spans, alerts }) {
  const isInterim = seq === Infinity;
  node.id = `seg-${id}`;
  const { segment_start: start, segment_end: end } = data;
  const told = { segmentId: id, speaker: data.speaker, seq: isInterim ? null : seq, start, end };
  for (const [key, value] of Object.entries(told)) {
    if (value === null) delete node.dataset[key];
    else if (node.dataset[key] !== String(value)) node.dataset[key] = String(value);
  }
  node.classList.toggle("is-interim", isInterim);
  node.ariaHidden = isInterim ? "true" : null;
  const words = part(node, ".segment-words");
  words.classList.toggle("is-unsure", !isInterim && data.confidence !== null && data.confidence < UNSURE);
  words.lang = data.language ?? "";
  if (!data.language) words.removeAttribute("lang");
  if (spans.length) showMarked(words, data.content, spans);
  else showWords(words, data.content, { isNew: isAnnounced }); // a new node is what is announced
  showNames(node, alerts);
  part(node, ".segment-speaker").textContent = name;
  writeTime(/** @type {HTMLTimeElement} */ (part(node, "time")), data, startedAt);
}

/** @param {HTMLTimeElement} time @param {TranscriptData} data @param {number} startedAt */
function writeTime(time, { segment_start: start, created_at: createdAt }, startedAt) {
  const said = start !== null && startedAt ? startedAt + start * 1000 : Date.parse(createdAt ?? "");
  const clock = said ? wallClock.format(said) : "";
  if (said) time.dateTime = new Date(said).toISOString();
  time.title = clock;
  time.textContent = start !== null ? mmss(start) : clock;
}
