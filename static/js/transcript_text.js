// @ts-check
/** A transcript as plain text, to be copied: the lines of the TXT export (exports/text_file.py), as the page shows them. */
import { duration } from "callboard/format";

const SPACES = /[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]/g;
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g;
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/g;

/** @param {string} text */
const oneLine = (text) => text.replace(SPACES, " ").replace(CONTROLS, "\ufffd").replace(REORDERING, "").trim();

/** `[0:05] Customer: Is my bike ready?`, a line for each segment that is stored, in speaking order.
 * @param {import("./segments.js").Segment[]} list @param {{user: string, assistant: string}} names */
export function transcriptText(list, names) {
  const stored = list.filter(({ seq }) => seq !== Infinity);
  return stored.map(({ data }) => `${time(data)}${oneLine(names[data.speaker])}: ${oneLine(data.content)}\n`).join("");
}

/** @param {{segment_start: number|null}} data */
function time({ segment_start: start }) {
  return start === null ? "" : `[${duration(start)}] `;
}
