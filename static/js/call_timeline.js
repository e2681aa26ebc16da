// @ts-check
/**
 * The timeline of a call, to draw and in words: as handlers/call_timeline.py makes it. No screen.
 *
 * @typedef {import("./timeline_layout.js").Mark} Mark
 * @typedef {import("./timeline_layout.js").Said} Said
 * @typedef {[string, string|null][]} Told texts, and the segment to which each leads
 *
 * @typedef {object} Known
 * @property {any[]} segments of segments.js, in speaking order
 * @property {import("./messages.js").AlertData[]} alerts
 * @property {{segment_id: string|null, at_seconds: number|null, text: string}[]} notes
 * @property {[string, string]} names of the customer, and of the assistant
 * @property {number|null} startedAt ms since 1970; null: unknown
 * @property {number|null} lasted s, so far or in all; null: unknown
 * @property {boolean} isOver
 */
import { mmss, rounded, tenths } from "callboard/format";
import {
  axisEnd, joined, LAST_MS, overlaps, path, percent, placed, segmentAt, silences, stretches, ticks,
} from "callboard/timeline_layout"; // prettier-ignore

const MOST_TOLD = 20;
const LONGEST_NAME = 60;

export class CallTimeline {
  /** @param {Known} known */
  constructor({ segments, alerts, notes, names, startedAt, lasted, isOver }) {
    const { said, untimed } = placed(segments);
    const last = said.reduce((furthest, { end }) => Math.max(furthest, end), 0);
    const ms = lasted === null ? null : Math.min(lasted * 1000, LAST_MS);
    this.said = said;
    this.untimed = untimed;
    this.names = names;
    this.turns = stretches(said);
    this.end = axisEnd(Math.max(last, ms ?? 0), isOver);
    this.now = isOver || ms === null ? null : ms;
    this.starts = new Map(said.map(({ id, start }) => [id, start]));
    this.overlaps = overlaps(said);
    this.silences = untimed ? [] : silences(said, isOver ? Math.max(last, ms ?? 0) : last);
    this.alertMarks = this.#marks(alerts.map(({ segment_id: id, rule, at }) => {
      const since = startedAt === null ? null : Math.floor(Date.parse(at)) - Math.floor(startedAt);
      return this.#mark(id === null ? since : this.starts.get(id) ?? null, rule, id);
    })); // prettier-ignore
    this.noteMarks = this.#marks(notes.map(({ segment_id: id, at_seconds: seconds, text }) => {
      const at = this.starts.get(id ?? "") ?? (seconds === null ? null : rounded(seconds * 1000));
      return this.#mark(at, shortened(text) || "Mark", id);
    })); // prettier-ignore
    this.isEmpty = !said.length && !untimed && isOver;
    this.isUntimed = !said.length && untimed > 0;
  }

  /** @param {number|null} at @param {string} name @param {string|null} id @returns {Mark|null} null: there is no place for it */
  #mark(at, name, id) {
    if (at === null || !(at >= 0 && at <= LAST_MS)) return null;
    return { at, name, id: id !== null && this.starts.has(id) ? id : segmentAt(this.said, at) };
  }

  /** @param {(Mark|null)[]} marks @returns {Mark[]} */
  #marks(marks) {
    return marks.filter((mark) => mark !== null).sort((a, b) => a.at - b.at);
  }

  /** By the name of its place on the page. */
  get paths() {
    const [customer, assistant] = [0, 1].map((who) => this.turns.filter((turn) => turn.who === who));
    const spans = { customer, assistant, both: this.overlaps, nobody: this.silences };
    return Object.fromEntries(Object.entries(spans).map(([name, some]) => [name, path(some, this.end)]));
  }

  get ticks() {
    return ticks(this.end).map((at) => ({ x: percent(at, this.end), text: mmss(at / 1000) }));
  }

  /** Those that are painted over others last. @returns {{kind: "note"|"alert", x: string, name: string, id: string|null}[]} */
  get marks() {
    const kinds = /** @type {["note"|"alert", Mark[]][]} */ ([["note", this.noteMarks], ["alert", this.alertMarks]]); // prettier-ignore
    return kinds.flatMap(([kind, all]) => joined(all, this.end).map(({ at, name, id }) => ({ kind, x: this.x(at), name, id })));
  }

  /** @param {number} at */
  x(at) {
    return percent(at, this.end);
  }

  /** @returns {[string, Told][]} */
  get facts() {
    const turns = this.names.map((name, who) => `${name} ${this.turns.filter((turn) => turn.who === who).length}`);
    /** @type {[string, Told][]} */ const told = [["Turns", turns.map((text) => [text, null])]];
    if (!this.untimed) told.push(["Longest silence", [this.#longestSilence()]]);
    const both = some(this.overlaps.map(({ start }) => [mmss(start / 1000), segmentAt(this.said, start)]));
    told.push(["Both at once", both.length ? both : [["never", null]]]);
    const marked = /** @type {[string, Mark[]][]} */ ([["Alerts", this.alertMarks], ["Notes and marks", this.noteMarks]]);
    for (const [name, marks] of marked) {
      if (marks.length) told.push([name, some(marks.map((it) => [`${it.name} at ${mmss(it.at / 1000)}`, it.id]))]);
    }
    if (this.untimed) told.push(["Not drawn", [[`${this.untimed} without times`, null]]]);
    return told;
  }

  /** @returns {[string, string|null]} */
  #longestSilence() {
    if (!this.silences.length) return ["under 5 s", null];
    const longest = this.silences.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
    const lasted = tenths((longest.end - longest.start) / 1000);
    return [`${lasted} at ${mmss(longest.start / 1000)}`, segmentAt(this.said, longest.end)];
  }
}

/** @param {string} text */
function shortened(text) {
  const characters = [...text];
  return characters.length <= LONGEST_NAME ? text : `${characters.slice(0, LONGEST_NAME).join("")}…`;
}

/** @param {Told} told @returns {Told} */
function some(told) {
  const rest = told.length - MOST_TOLD;
  return rest <= 0 ? told : [...told.slice(0, MOST_TOLD), [`and ${rest} more`, null]];
}
