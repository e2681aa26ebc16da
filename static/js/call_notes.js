// @ts-check
/** Everything on a call's page that has to do with notes, put together. */
import { Notes } from "callboard/notes";
import { NotesPanel } from "callboard/notes_panel";
import { Permalink } from "callboard/permalink";
import { readSegment } from "callboard/reading_place";
import { copyLink, SegmentTools } from "callboard/segment_tools";
import { xsrfToken } from "callboard/ticket";

/** @param {string} selector @returns {HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** @param {import("callboard/transcript_element").TranscriptElement} transcript
 * @param {import("callboard/scroll_follow").ScrollFollow|null} [follow] null: the call is over
 * @returns {Notes} */
export function showNotes(transcript, follow = null) {
  const panel = find('[data-part="notes"]');
  const { callSid = "", notes: list = "[]" } = panel.dataset;
  const path = `/api/v1/calls/sid/${encodeURIComponent(callSid)}/notes`;
  const notes = new Notes({ path, xsrfToken: xsrfToken(), list: JSON.parse(list) });
  const isFollowing = () => follow?.rule.isFollowing ?? false;
  const shown = new NotesPanel(panel, notes, transcript, { isFollowing, jump: () => follow?.jump() });
  find('[data-step="mark"]').addEventListener("click", () => shown.mark(readSegment(transcript, isFollowing())));
  new SegmentTools(find('[data-part="segment-tools"]'), transcript, notes, (segment) => shown.mark(segment));
  new Permalink(transcript);
  const link = find('[data-step="link"]');
  link.hidden = false;
  link.addEventListener("click", () => copyLink(link, readSegment(transcript, isFollowing())?.id));
  for (const button of [find('[data-step="mark"]'), link]) {
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays where the reader is
  }
  return notes;
}
