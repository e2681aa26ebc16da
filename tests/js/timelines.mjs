/** Calls as tests/timeline_cases.json has them, and what the page makes of each: on standard output of those that come on
 * standard input. */
import { readFileSync } from "node:fs";
import { CallTimeline } from "../../static/js/call_timeline.js";
import { segments } from "./measured.mjs";

const ANSWERED = 1_770_000_000_000; // ms

export function timelineOf({ said, lasted, is_over, alerts = [], notes = [] }) {
  const timeline = new CallTimeline({
    segments: segments(said), names: ["Customer", "Front desk"], startedAt: ANSWERED, lasted, isOver: is_over,
    alerts: alerts.map(([rule, segment_id, at]) => ({ rule, segment_id, at: new Date(ANSWERED + at * 1000).toISOString() })),
    notes: notes.map(([text, segment_id, at_seconds]) => ({ text, segment_id, at_seconds })),
  }); // prettier-ignore
  const { end, now, isEmpty, isUntimed, paths, facts } = timeline;
  const ticks = timeline.ticks.map(({ x, text }) => [x, text]);
  const marks = timeline.marks.map(({ kind, x, name, id }) => [kind, x, name, id]);
  return { end, now, is_empty: isEmpty, is_untimed: isUntimed, ticks, paths, marks, facts };
}

if (process.argv[1]?.endsWith("timelines.mjs")) {
  process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(timelineOf)));
}
