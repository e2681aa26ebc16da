/** Rows of the feed for the tests of the wall. */
import { Wall } from "../../static/js/wall.js";

export const T0 = Date.parse("2026-01-19T12:00:00.000+00:00");
export const at = (seconds) => T0 + seconds * 1000;
export const rfc3339 = (seconds) => new Date(at(seconds)).toISOString().replace("Z", "+00:00");

export const words = (content, more = {}) => ({
  content, speaker: "user", is_final: true, confidence: null, segment_start: null, segment_end: null, created_at: null,
  segment_id: "s-1", revision: 1, language: null, ...more,
}); // prettier-ignore

export function row(sid, { started = 0, metadata = {}, ...more } = {}) {
  return {
    call_sid: sid, status: "in-progress", last: null, segments: 0, viewers: 0, alerts: [], ...more,
    metadata: {
      assistant_id: 7, assistant_name: "Front desk", call_type: "inbound", started_at: started === null ? null : rfc3339(started), ended_at: null,
      duration: 0, to_phone_number: "+15550100", customer_phone_number: "+15550142", reason: null, ...metadata,
    },
  }; // prettier-ignore
}

export const ended = (sid, more = {}) => row(sid, { status: "completed", metadata: { duration: 201, reason: "hung-up" }, ...more });

/** What a row of the feed says of a rule that it set off. */
export const alert = (rule, count = 1) => ({ rule, rule_id: rule.length, count, last_at: rfc3339(0) });

/** A wall that heard of these at `seconds`. */
export function wallOf(seconds, ...rows) {
  const wall = new Wall();
  wall.replace(rows, at(seconds));
  return wall;
}

export const callOf = (seconds, ...given) => wallOf(seconds, row("CA1", ...given)).calls.get("CA1");
