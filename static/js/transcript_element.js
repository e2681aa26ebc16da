// @ts-check
/**
 * `<live-transcript>`: the transcript that the server rendered, kept up to date. Light DOM; the markup of a segment
 * is the page's `<template>`, filled with text and never with markup.
 *
 * Announced are finals only, at most once a frame, and nothing while history comes in or its reader wants quiet.
 * Fires `transcript-changed` (`detail.finals`: how many were not there before), `transcript-led` before it leads its reader
 * to a place, and `speaker-chosen` when it shows others than before.
 */
import { Alerts } from "callboard/alerts";
import { GapRows } from "callboard/gap_rows";
import { reach } from "callboard/gaps";
import { reveal } from "callboard/reveal";
import { localiseTime, readSegment, wallClock, writeSegment } from "callboard/segment_node";
import { nextSegment, SegmentGroups } from "callboard/segment_groups";
import { isContinued, Segments } from "callboard/segments";
import { inSlices } from "callboard/slices";

/** @typedef {import("callboard/segments").Segment} Segment */
/** @typedef {import("callboard/messages").TranscriptMessage} TranscriptMessage */

const SETTLED_MS = 200; // browsers tell screen readers of a change some frames later, as live as the log is by then

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
const part = (root, selector) => /** @type {HTMLElement} */ (root.querySelector(selector));

export class TranscriptElement extends HTMLElement {
  segments = new Segments();
  alerts = new Alerts();
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Set<Segment>} */ #dirty = new Set();
  #isDrawing = false;
  #isRearranged = false;
  #isHushed = true; // until the history is complete
  #isQuiet = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #listening;

  connectedCallback() {
    this.log = part(this, "[role=log]");
    this.groups = new SegmentGroups(this.log);
    this.pattern = /** @type {HTMLTemplateElement} */ (part(this, "template"));
    this.gaps = new GapRows(/** @type {HTMLTemplateElement} */ (part(this, '[data-part="gap"]')));
    this.names = { user: this.dataset.userName ?? "", assistant: this.dataset.assistantName ?? "" };
    for (const alert of JSON.parse(this.dataset.alerts ?? "[]")) this.alerts.take(alert);
    /** When all that the server rendered is known: only then is more to be taken. */
    this.adopted = inSlices([...this.log.querySelectorAll("li.segment")], (node) => this.#adopt(/** @type {HTMLElement} */ (node)));
    this.adopted.then(() => this.#tell(0));
    this.addEventListener("pointerover", ({ target }) => {
      const time = /** @type {HTMLTimeElement|null} */ (/** @type {Element} */ (target).closest("time.segment-time"));
      if (time) localiseTime(time); // of thousands, the one that is asked for
    });
  }

  /** Whose words are shown; "": everyone's. */
  get only() {
    return this.dataset.only ?? "";
  }

  set only(speaker) {
    if (speaker === this.only) return;
    if (speaker) this.dataset.only = speaker;
    else delete this.dataset.only;
    this.dispatchEvent(new CustomEvent("speaker-chosen"));
  }

  /** Whether its reader wants no announcements. */
  set isQuiet(/** @type {boolean} */ isQuiet) {
    this.#isQuiet = isQuiet;
    this.#announce();
  }

  /** @param {string} segmentId */
  nodeOf(segmentId) {
    return this.#nodes.get(segmentId);
  }

  /** Lead the reader to a segment, whoever spoke, and to nothing else. @param {string} segmentId @returns {boolean} whether it is here */
  goTo(segmentId) {
    const node = this.#nodes.get(segmentId);
    if (!node?.isConnected) return false;
    if (this.only && node.dataset.speaker !== this.only) this.only = "";
    this.lead(node);
    return true;
  }

  /** To a segment or row of ours. @param {HTMLElement} node */
  lead(node) {
    this.dispatchEvent(new CustomEvent("transcript-led"));
    if (!node.ariaHidden) node.tabIndex = -1; // an interim can't be gone to, only seen
    node.focus({ preventScroll: true });
    reveal(node);
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
    this.groups?.insert(row, this.#edge(later));
  }

  /** History is on its way: be quiet until `listen`. */
  hush() {
    clearTimeout(this.#listening);
    this.#isHushed = true;
    this.#announce();
  }

  /** The history is complete: what interims are still open comes next. */
  listen() {
    this.dropInterims();
    this.#draw();
    this.#listening = setTimeout(() => {
      this.#isHushed = false;
      this.#announce();
    }, SETTLED_MS);
  }

  #announce() {
    this.log?.setAttribute("aria-live", this.#isHushed || this.#isQuiet ? "off" : "polite");
  }

  dropInterims() {
    this.segments.dropInterims().forEach((change) => this.#queue(change));
  }

  clear() {
    this.segments.clear();
    this.#dirty.clear();
    this.#nodes.clear();
    this.gaps?.clear();
    this.alerts.clear();
    this.groups?.clear();
    this.#tell(0);
  }

  /** @param {HTMLElement} node as macros/segment.html made it */
  #adopt(node) {
    const segment = readSegment(node);
    this.segments.adopt(segment);
    this.#nodes.set(segment.id, node);
    this.gaps?.adopt(segment.id, node);
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
    const changed = new Set(dirty.flatMap(({ index }) => [index, index + 1]));
    /** @type {number|null} */ let before = null;
    list.forEach(({ data }, at) => {
      if (this.#isRearranged || changed.has(at)) this.#join(at, before);
      before = reach(before, data);
    });
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
    writeSegment(node, segment, {
      isAnnounced: isNew,
      name: this.names?.[segment.data.speaker] ?? segment.data.speaker,
      startedAt: Date.parse(this.dataset.startedAt ?? ""),
      spans: this.alerts.spans(segment.id, this.segments.latestSeq(segment.id)),
      alerts: this.alerts.ofSegment(segment.id),
    });
    if (node.isConnected && nextSegment(node) === after) return isNew;
    this.gaps?.remove(segment.id); // or it stayed behind
    this.groups?.insert(node, this.#edge(next));
    return isNew;
  }

  /** What to stand before, gap and all, so as to stand before a segment. @param {Segment|undefined} segment @returns {HTMLElement|null} null: the end */
  #edge(segment) {
    const node = segment && this.#nodes.get(segment.id);
    return node ? (this.gaps?.edge(segment.id, node) ?? node) : null;
  }

  /** @param {Segment} segment */
  #remove({ id }) {
    if (this.segments.get(id)) return; // gone and back within a frame: its node goes on
    this.gaps?.remove(id);
    this.groups?.remove(this.#nodes.get(id));
    this.#nodes.delete(id);
  }

  /** One turn, or the next one? And after which silence? @param {number} at @param {number|null} before gaps.reach */
  #join(at, before) {
    const { list } = this.segments;
    const { id, data } = list[at];
    const node = this.#nodes.get(id);
    node?.classList.toggle("is-continued", isContinued(list[at - 1]?.data, data));
    if (node) this.gaps?.put(id, node, before, data);
  }

  /** @param {number} finals that were not there before */
  #tell(finals) {
    this.dispatchEvent(new CustomEvent("transcript-changed", { detail: { finals } }));
  }
}

customElements.define("live-transcript", TranscriptElement);
