// Print the newest calls, or what was said on one of them. Node 18 or newer:
//
//     CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… node read.mjs CA123
//
// The key needs the scope `read`. Without a call id it lists the newest calls.

const base = process.env.CALLBOARD_URL ?? "http://localhost:8000";

async function get(path) {
  const answer = await fetch(base + path, { headers: { Authorization: `Bearer ${process.env.CALLBOARD_KEY}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.json()).detail}`);
  return answer.json();
}

async function listCalls() {
  const { items } = await get("/api/v1/calls?limit=10");
  for (const call of items) {
    console.log([call.call_sid, call.status, call.started_at, `${call.transcript_count} segments`].join("  "));
  }
}

async function readCall(callSid) {
  const path = `/api/v1/calls/sid/${encodeURIComponent(callSid)}`;
  const call = await get(path);
  console.log(`${call.call_sid} with ${call.assistant_name}, ${call.status}`);
  // each segment once, as last corrected, in speaking order
  for (const said of await get(`${path}/transcripts`)) console.log(`${said.speaker}: ${said.content}`);
}

await (process.argv[2] ? readCall(process.argv[2]) : listCalls());
