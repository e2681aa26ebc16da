// Feed one call, word by word. Node 18 or newer:
//
//     CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… node feed.mjs CA123
//
// The key needs the scope `ingest`. A second argument is the seconds that a word takes (0.3).

import { setTimeout as sleep } from "node:timers/promises";

const base = process.env.CALLBOARD_URL ?? "http://localhost:8000";
const said = [
  ["assistant", "Larkspur Cycles, good morning. How can I help you?"],
  ["user", "Good morning. Is my bike ready?"],
  ["assistant", "It is ready since Monday, with new brakes."],
  ["user", "Wonderful, I will come by this afternoon."],
];

async function post(path, body) {
  const headers = { Authorization: `Bearer ${process.env.CALLBOARD_KEY}`, "Content-Type": "application/json" };
  const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.json()).detail}`);
  return answer.json();
}

async function feed(callSid, wordSeconds) {
  const call = `/api/v1/calls/sid/${encodeURIComponent(callSid)}`;
  await post("/api/v1/calls", { call_sid: callSid, direction: "inbound", from_number: "+15550123" });
  const answeredAt = Date.now();
  const seconds = () => (Date.now() - answeredAt) / 1000;
  for (const [number, [speaker, text]] of said.entries()) {
    const segment = { segment_id: `s-${number + 1}`, speaker, segment_start: seconds() };
    const words = text.split(" ");
    for (let count = 1; count < words.length; count++) {
      await sleep(wordSeconds * 1000);
      const content = words.slice(0, count).join(" ");
      await post(`${call}/transcripts`, { ...segment, content, is_final: false });
    }
    await sleep(wordSeconds * 1000);
    const final = { ...segment, content: text, segment_end: seconds(), confidence: 0.97 };
    const { accepted } = await post(`${call}/transcripts`, final); // stored when this returns; sent twice, stored once
    console.log(`${accepted[0].seq}  ${speaker}: ${text}`);
  }
  await post(`${call}/status`, { status: "completed" });
}

await feed(process.argv[2], Number(process.argv[3] ?? 0.3));
