/** Calls from standard input, as [[[speaker, start, end], …], ended]; what the page measures of each to standard output. */
import { readFileSync } from "node:fs";
import { measure } from "../../static/js/measures.js";

const SPEAKERS = { u: "user", a: "assistant" };

export const segments = (said) =>
  said.map(([who, start, end, id], n) => ({
    id: id ?? `s${n}`, seq: n + 1, data: { speaker: SPEAKERS[who], segment_start: start, segment_end: end, content: `words ${n}` },
  })); // prettier-ignore

if (process.argv[1]?.endsWith("measured.mjs")) {
  const calls = JSON.parse(readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(calls.map(([said, ended]) => measure(segments(said), ended))));
}
