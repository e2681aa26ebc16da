// @ts-check
/**
 * What to show of a call, and in which order: the rules of the protocol's section on segments. No screen, no socket.
 *
 * @typedef {import("./messages.js").TranscriptMessage} TranscriptMessage
 * @typedef {import("./messages.js").TranscriptData} TranscriptData
 *
 * @typedef {object} Segment one stretch of one speaker's speech, as it stands
 * @property {string} id
 * @property {TranscriptData} data
 * @property {number} seq where it was stored first, so that a correction stays in place; Infinity until it is stored
 * @property {number} place in s: its start; the latest start stored before it where its own is unknown
 * @property {string} timestamp when the server stored or made it, RFC 3339
 *
 * @typedef {{kind: "added"|"changed"|"moved"|"removed", segment: Segment}} Change
 */

const WORDLESS = ""; // content of an interim that is withdrawn

/** A stored entry beats any interim; of stored entries the higher `seq`; of interims the higher `revision`.
 * @param {{seq: number, revision: number|null}|undefined} shown @param {number} seq @param {number|null} revision */
export function isNewer(shown, seq, revision) {
  if (!shown) return true;
  if (seq !== Infinity) return shown.seq === Infinity || seq > shown.seq;
  return shown.seq === Infinity && (revision ?? Infinity) > (shown.revision ?? -1);
}

/** Whether `a` is spoken before `b`. @param {{place: number, seq: number}} a @param {{place: number, seq: number}} b */
export function isBefore(a, b) {
  return a.place < b.place || (a.place === b.place && a.seq < b.seq);
}

const TURN_GAP_S = 1; // a breath; a longer silence starts a new turn

/** Whether it reads as one turn with what stands before it. @param {TranscriptData|undefined} previous @param {TranscriptData} data */
export function isContinued(previous, data) {
  if (previous?.speaker !== data.speaker || previous.segment_end === null || data.segment_start === null) return false;
  return data.segment_start - previous.segment_end < TURN_GAP_S;
}

/** A correction that tells no times keeps those that the stored entry before it had, as models/entries.py has it.
 * @param {TranscriptData} data @param {{seq: number, start: number|null, end: number|null}|undefined} heard */
function withTimes(data, heard) {
  if (data.segment_start !== null || !heard || heard.seq === Infinity) return data;
  return { ...data, segment_start: heard.start, segment_end: data.segment_end ?? heard.end };
}

export class Segments {
  /** In speaking order. @type {Segment[]} */ list = [];
  /** What was heard last of each segment, withdrawn ones too, so that a late interim stays away.
   * @type {Map<string, {seq: number, revision: number|null, start: number|null, end: number|null}>} */
  #heard = new Map();
  /** @type {Map<string, Segment>} */ #shown = new Map();

  /** @param {string} id @returns {Segment|undefined} */
  get(id) {
    return this.#shown.get(id);
  }

  /** The `seq` of the entry that is shown of it; Infinity while it is not stored. @param {string} id */
  latestSeq(id) {
    return this.#heard.get(id)?.seq ?? Infinity;
  }

  /** Take one that is on the page already, after those taken before. @param {Omit<Segment, "place">} segment */
  adopt(segment) {
    const place = segment.data.segment_start ?? this.list.at(-1)?.place ?? -Infinity;
    const adopted = { ...segment, place };
    this.list.push(adopted);
    this.#shown.set(segment.id, adopted);
    const { revision, segment_start: start, segment_end: end } = segment.data;
    this.#heard.set(segment.id, { seq: segment.seq, revision, start, end });
  }

  /** Take a transcript message. @param {TranscriptMessage} message @returns {Change|null} null: nothing to see */
  apply({ seq = Infinity, data: told, timestamp }) {
    const id = told.segment_id;
    const heard = this.#heard.get(id);
    if (!isNewer(heard, seq, told.revision)) return null;
    const data = withTimes(told, heard);
    this.#heard.set(id, { seq, revision: data.revision, start: data.segment_start, end: data.segment_end });
    const shown = this.#shown.get(id);
    if (data.content === WORDLESS) return shown ? this.#remove(shown) : null;
    if (!shown) return this.#add({ id, data, seq, place: NaN, timestamp });
    const wasInterim = shown.seq === Infinity;
    const hasMoved = data.segment_start !== null && data.segment_start !== shown.place;
    Object.assign(shown, { data, seq: wasInterim ? seq : shown.seq, timestamp });
    return { kind: hasMoved || wasInterim ? this.#rearrange(shown) : "changed", segment: shown };
  }

  /** Forget the interims: after a reconnect the server sends those that are still open. @returns {Change[]} */
  dropInterims() {
    const interims = this.list.filter(({ seq }) => seq === Infinity);
    for (const { id } of interims) this.#heard.delete(id);
    return interims.map((segment) => this.#remove(segment));
  }

  clear() {
    this.list = [];
    this.#heard.clear();
    this.#shown.clear();
  }

  /** How many are stored. */
  get finals() {
    return this.list.reduce((n, { seq }) => n + (seq === Infinity ? 0 : 1), 0);
  }

  /** @param {Segment} segment @returns {Change} */
  #add(segment) {
    this.#insert(segment);
    this.#shown.set(segment.id, segment);
    return { kind: "added", segment };
  }

  /** @param {Segment} segment @returns {Change} */
  #remove(segment) {
    this.list.splice(this.#indexOf(segment), 1);
    this.#shown.delete(segment.id);
    return { kind: "removed", segment };
  }

  /** @param {Segment} segment @returns {"moved"|"changed"} */
  #rearrange(segment) {
    const was = this.#indexOf(segment);
    this.list.splice(was, 1);
    return this.#insert(segment) === was ? "changed" : "moved";
  }

  /** New words belong at or near the end, so look from there. @param {Segment} segment @returns {number} its index */
  #insert(segment) {
    const { list } = this;
    const { segment_start: start } = segment.data;
    let at = list.length;
    if (start !== null) {
      segment.place = start;
      while (at > 0 && isBefore(segment, list[at - 1])) at--;
    } else {
      while (at > 0 && segment.seq < list[at - 1].seq) at--;
      segment.place = list[at - 1]?.place ?? -Infinity;
    }
    list.splice(at, 0, segment);
    return at;
  }

  /** @param {Segment} segment */
  #indexOf(segment) {
    return this.list.lastIndexOf(segment);
  }
}
