// @ts-check
/**
 * `<live-transcript>`: the transcript that the server rendered, kept up to date. Light DOM; the markup of a segment
 * is the page's `<template>`, filled with text and never with markup.
 *
 * Announced are finals only, at most once a frame, and nothing while history comes in.
 */
import { Alerts } from "callboard/alerts";
import { showMarked, showNames } from "callboard/alert_words";
import { showWords } from "callboard/chips";
import { mmss } from "callboard/format";
import { isContinued, Segments } from "callboard/segments";

/** @typedef {import("callboard/segments").Segment} Segment */
/** @typedef {import("callboard/messages").TranscriptMessage} TranscriptMessage */

const UNSURE = 0.6; // confidence below which words are underlined; templates/macros/segment.html has the same
const SETTLED_MS = 200; // browsers tell screen readers of a change some frames later, as live as the log is by then
const wallClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
const part = (root, selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
/** @param {string|undefined} text */
const numberOrNull = (text) => (text ? Number(text) : null);

export class TranscriptElement extends HTMLElement {
  segments = new Segments();
  alerts = new Alerts();
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Set<Segment>} */ #dirty = new Set();
  #isDrawing = false;
  #isRearranged = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #listening;

  connectedCallback() {
    this.log = part(this, "[role=log]");
    this.place = part(this, "ol");
    this.pattern = /** @type {HTMLTemplateElement} */ (part(this, "template"));
    this.names = { user: this.dataset.userName ?? "", assistant: this.dataset.assistantName ?? "" };
    this.place.querySelectorAll("li.segment").forEach((node) => this.#adopt(/** @type {HTMLElement} */ (node)));
    for (const alert of JSON.parse(this.dataset.alerts ?? "[]")) this.alerts.take(alert);
  }

  /** @param {TranscriptMessage} message */
  take(message) {
    const change = this.segments.apply(message);
    if (change) this.#queue(change);
  }

  /** @param {import("callboard/alerts").AlertData} alert */
  takeAlert(alert) {
    if (!this.alerts.take(alert)) return;
    const segment = alert.segment_id === null ? undefined : this.segments.get(alert.segment_id);
    if (segment) this.#queue({ kind: "changed", segment });
    else if (alert.segment_id === null) this.#addSilence(alert);
    this.#tell(0);
  }

  /** A row between what was said before it and after. @param {import("callboard/alerts").AlertData} alert */
  #addSilence({ rule, at }) {
    const pattern = /** @type {HTMLTemplateElement} */ (part(this, '[data-part="silence"]'));
    const row = /** @type {HTMLElement} */ (pattern.content.cloneNode(true)).firstElementChild;
    if (!row) return;
    part(row, '[data-part="rule"]').textContent = rule;
    const time = /** @type {HTMLTimeElement} */ (part(row, "time"));
    Object.assign(time, { dateTime: at, textContent: wallClock.format(new Date(at)) });
    const { list } = this.segments;
    const later = list[list.findLastIndex(({ timestamp }) => !(Date.parse(timestamp) > Date.parse(at))) + 1];
    this.place?.insertBefore(row, (later && this.#nodes.get(later.id)) ?? null);
  }

  /** History is on its way: be quiet until `listen`. */
  hush() {
    clearTimeout(this.#listening);
    this.log?.setAttribute("aria-live", "off");
  }

  /** The history is complete: what interims are still open comes next. */
  listen() {
    this.dropInterims();
    this.#draw();
    this.#listening = setTimeout(() => this.log?.setAttribute("aria-live", "polite"), SETTLED_MS);
  }

  dropInterims() {
    this.segments.dropInterims().forEach((change) => this.#queue(change));
  }

  clear() {
    this.segments.clear();
    this.#dirty.clear();
    this.#nodes.clear();
    this.alerts.clear();
    this.place?.replaceChildren();
    this.#tell(0);
  }

  /** @param {HTMLElement} node as macros/segment.html made it */
  #adopt(node) {
    const { segmentId: id = "", seq, speaker, start, end, revision } = node.dataset;
    const content = part(node, ".segment-words").textContent ?? "";
    const data = /** @type {any} */ ({
      segment_id: id, speaker, content, is_final: true, revision: numberOrNull(revision),
      segment_start: numberOrNull(start), segment_end: numberOrNull(end),
    }); // prettier-ignore
    this.segments.adopt({ id, data, seq: Number(seq), timestamp: "" });
    this.#nodes.set(id, node);
    const time = part(node, "time");
    const said = time.getAttribute("datetime");
    if (said) time.title = wallClock.format(new Date(said)); // the reader's clock, not the server's
  }

  /** @param {import("callboard/segments").Change} change */
  #queue({ kind, segment }) {
    this.#dirty.add(segment);
    this.#isRearranged ||= kind === "moved" || kind === "removed";
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    if (document.hidden) queueMicrotask(() => this.#draw()); // no frames in a hidden page
    else requestAnimationFrame(() => this.#draw());
  }

  /** From the last to the first, so that what stands after each is already in its place. */
  #draw() {
    this.#isDrawing = false;
    const { list } = this.segments;
    const dirty = [...this.#dirty].map((segment) => ({ segment, index: list.lastIndexOf(segment) }));
    this.#dirty.clear();
    let finals = 0;
    for (const { segment, index } of dirty.sort((a, b) => b.index - a.index)) {
      if (index < 0) this.#remove(segment);
      else if (this.#put(segment, index)) finals++;
    }
    if (this.#isRearranged) list.forEach((_, at) => this.#join(at));
    else for (const { index } of dirty) [index, index + 1].forEach((at) => this.#join(at));
    this.#isRearranged = false;
    if (dirty.length) this.#tell(finals);
  }

  /** @param {Segment} segment @param {number} index @returns {boolean} whether a final was not there before */
  #put(segment, index) {
    let node = this.#nodes.get(segment.id);
    const isFinal = segment.seq !== Infinity;
    const isNew = isFinal && (!node || node.classList.contains("is-interim"));
    if (!node) {
      const copy = /** @type {DocumentFragment} */ (this.pattern?.content.cloneNode(true));
      node = /** @type {HTMLElement} */ (copy.firstElementChild);
      this.#nodes.set(segment.id, node);
    }
    const next = this.segments.list[index + 1];
    const after = (next && this.#nodes.get(next.id)) ?? null;
    this.#fill(node, segment, isNew);
    if (node.parentNode !== this.place || nextSegment(node) !== after) this.place?.insertBefore(node, after);
    return isNew;
  }

  /** @param {HTMLElement} node @param {Segment} segment @param {boolean} isAnnounced */
  #fill(node, { id, data, seq }, isAnnounced) {
    const isInterim = seq === Infinity;
    node.id = `seg-${id}`;
    Object.assign(node.dataset, { segmentId: id, speaker: data.speaker });
    node.classList.toggle("is-interim", isInterim);
    node.ariaHidden = isInterim ? "true" : null;
    const words = part(node, ".segment-words");
    words.classList.toggle("is-unsure", !isInterim && data.confidence !== null && data.confidence < UNSURE);
    words.lang = data.language ?? "";
    if (!data.language) words.removeAttribute("lang");
    const spans = this.alerts.spans(id, this.segments.latestSeq(id));
    if (spans.length) showMarked(words, data.content, spans);
    else showWords(words, data.content, { isNew: isAnnounced }); // a new node is what is announced
    showNames(node, this.alerts.ofSegment(id));
    part(node, ".segment-speaker").textContent = this.names?.[data.speaker] ?? data.speaker;
    this.#fillTime(/** @type {HTMLTimeElement} */ (part(node, "time")), data);
  }

  /** @param {HTMLTimeElement} time @param {import("callboard/messages").TranscriptData} data */
  #fillTime(time, { segment_start: start, created_at: createdAt }) {
    const startedAt = Date.parse(this.dataset.startedAt ?? "");
    const said = start !== null && startedAt ? startedAt + start * 1000 : Date.parse(createdAt ?? "");
    const clock = said ? wallClock.format(said) : "";
    if (said) time.dateTime = new Date(said).toISOString();
    time.title = clock;
    time.textContent = start !== null ? mmss(start) : clock;
  }

  /** @param {Segment} segment */
  #remove({ id }) {
    if (this.segments.get(id)) return; // gone and back within a frame: its node goes on
    this.#nodes.get(id)?.remove();
    this.#nodes.delete(id);
  }

  /** One turn, or the next one? @param {number} at */
  #join(at) {
    const { list } = this.segments;
    if (!list[at]) return;
    this.#nodes.get(list[at].id)?.classList.toggle("is-continued", isContinued(list[at - 1]?.data, list[at].data));
  }

  /** @param {number} finals that were not there before */
  #tell(finals) {
    this.dispatchEvent(new CustomEvent("transcript-changed", { detail: { finals } }));
  }
}

/** What stands behind it, without the rows of alerts in between. @param {HTMLElement} node */
function nextSegment(node) {
  let next = node.nextElementSibling;
  while (next && !next.classList.contains("segment")) next = next.nextElementSibling;
  return next;
}

customElements.define("live-transcript", TranscriptElement);
