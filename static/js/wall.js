// @ts-check
/**
 * The calls on the wall, as the feed tells them: who is new, who ended, and when each was heard last. No screen, no
 * socket; times are the server's, ms.
 *
 * @typedef {import("./messages.js").TranscriptData} TranscriptData
 *
 * @typedef {object} CallRow a row of the feed
 * @property {string} call_sid
 * @property {"in-progress"|"completed"|"failed"} status
 * @property {{assistant_id: number|null, assistant_name: string|null, call_type: string|null, started_at: string|null,
 *   ended_at: string|null, duration: number|null, to_phone_number: string|null, customer_phone_number: string|null,
 *   reason: string|null}} metadata
 * @property {TranscriptData|null} last the newest words, interims too
 * @property {number} segments
 * @property {number} viewers
 * @property {{rule: string, rule_id: number, count: number, last_at: string}[]} alerts
 *
 * @typedef {CallRow & {startedAt: number|null, heardAt: number|null, appearedAt: number|null, endedAt: number|null}} Call
 *   `appearedAt` is null for those that were there first; `endedAt` is when we heard of the end
 *
 * @typedef {{changed: string[], started: string[], ended: string[], left: string[], alerted: Alerted[]}} Change ids of calls
 * @typedef {{call_sid: string, rules: string[]}} Alerted a call, and the rules that it set off once more
 */

export const ENDED_MS = 60_000; // an ended call stays so long, so that nobody wonders where it went
export const NEW_MS = 5_000; // a new one is marked so long
export const QUIET_MS = 45_000; // without a word for so long, someone should look

/** Whether nobody need wonder about it any more. @param {{status: string}} call */
export const isOver = ({ status }) => status !== "in-progress";

export class Wall {
  /** By call id. @type {Map<string, Call>} */ calls = new Map();

  /** Take what the server rendered: none of it is news. @param {(CallRow & {heardAt: number|null})[]} rows */
  adopt(rows) {
    for (const row of rows) {
      this.calls.set(row.call_sid, { ...row, startedAt: time(row.metadata.started_at), appearedAt: null, endedAt: null });
    }
  }

  /** Everything that runs: what is not in it is gone, but for those that were seen to end.
   * @param {CallRow[]} rows @param {number} at @returns {Change} */
  replace(rows, at) {
    const running = new Set(rows.map(({ call_sid }) => call_sid));
    const left = [...this.calls.keys()].filter((sid) => this.calls.get(sid)?.endedAt === null && !running.has(sid));
    for (const sid of left) this.calls.delete(sid);
    return { ...this.update(rows, at, (row) => Math.min(at, time(row.last?.created_at) ?? at)), left };
  }

  /** Those that changed. @param {CallRow[]} rows @param {number} at
   * @param {(row: CallRow) => number} [heard] when words that are new to us were said @returns {Change} */
  update(rows, at, heard = () => at) {
    const change = /** @type {Change} */ ({ changed: [], started: [], ended: [], left: [], alerted: [] });
    for (const row of rows) {
      const known = this.calls.get(row.call_sid);
      if (known ? isOver(known) && !isOver(row) : isOver(row)) continue; // an end is never undone
      const isEnd = isOver(row) && known !== undefined && !isOver(known);
      const heardAt = known && isSame(known.last, row.last) ? known.heardAt : row.last && heard(row);
      const [appearedAt, endedAt] = known ? [known.appearedAt, isEnd ? at : known.endedAt] : [at, null];
      const startedAt = time(row.metadata.started_at);
      this.calls.set(row.call_sid, { ...row, startedAt, heardAt, appearedAt, endedAt });
      change.changed.push(row.call_sid);
      if (!known) change.started.push(row.call_sid);
      if (isEnd) change.ended.push(row.call_sid);
      const rules = newAlerts(known?.alerts ?? [], row.alerts);
      if (rules.length) change.alerted.push({ call_sid: row.call_sid, rules });
    }
    return change;
  }

  /** Let those go that ended a minute ago. @param {number} now @returns {Call[]} those */
  expire(now) {
    const gone = [...this.calls.values()].filter(({ endedAt }) => endedAt !== null && now - endedAt >= ENDED_MS);
    for (const { call_sid } of gone) this.calls.delete(call_sid);
    return gone;
  }

  clear() {
    this.calls.clear();
  }

  /** How many run. */
  get running() {
    let n = 0;
    for (const call of this.calls.values()) if (!isOver(call)) n++;
    return n;
  }
}

/** How long nobody has spoken; from the start where nobody has yet, 0 where that is unknown or it is over.
 * @param {Call} call @param {number} now */
export function quietMs(call, now) {
  const since = call.heardAt ?? call.startedAt;
  return isOver(call) || since === null ? 0 : Math.max(0, now - since);
}

/** How long it lasts or lasted; null while its start is unknown. @param {Call} call @param {number} now */
export function lengthMs(call, now) {
  if (isOver(call) && call.metadata.duration !== null) return call.metadata.duration * 1000;
  return call.startedAt === null ? null : Math.max(0, (call.endedAt ?? now) - call.startedAt);
}

/** @param {Call} call @param {number} now */
export function isNew(call, now) {
  return call.appearedAt !== null && !isOver(call) && now - call.appearedAt < NEW_MS;
}

/** The rules that it set off, `Refund ×2`. @param {CallRow} call */
export function alertNames({ alerts }) {
  return alerts.map(({ rule, count }) => (count > 1 ? `${rule} ×${count}` : rule));
}

/** How often it set off any. @param {CallRow} call */
export function alertCount({ alerts }) {
  return alerts.reduce((sum, { count }) => sum + count, 0);
}

/** The rules that were set off more often than before. @param {CallRow["alerts"]} before @param {CallRow["alerts"]} after */
function newAlerts(before, after) {
  const counts = new Map(before.map(({ rule_id: id, count }) => [id, count]));
  return after.filter(({ rule_id: id, count }) => count > (counts.get(id) ?? 0)).map(({ rule }) => rule);
}

/** @param {TranscriptData|null} a @param {TranscriptData|null} b */
function isSame(a, b) {
  if (a === null || b === null) return a === b;
  return a.segment_id === b.segment_id && a.content === b.content && a.is_final === b.is_final;
}

/** @param {string|null|undefined} text */
function time(text) {
  return Date.parse(text ?? "") || null;
}
