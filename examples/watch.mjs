// Print a call's transcript as it is spoken, until the call ends. Node 22 or newer:
//
//     CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… node watch.mjs CA123
//
// and in Node 20 and 21 with `node --experimental-websocket watch.mjs CA123`. The key needs the scope `read`.
// The client module comes from the server, so that nothing is to be installed; docs/javascript-client.md describes it.

const base = process.env.CALLBOARD_URL ?? "http://localhost:8000";
const call = process.argv[2];

const source = await (await fetch(`${base}/static/js/live_transcript.js`)).text();
const { LiveTranscript } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

new LiveTranscript({
  url: `${base}/live-transcript/${call}?token=${process.env.CALLBOARD_KEY}`,
  onTranscript: ({ seq, data }) => {
    if (seq !== undefined) console.log(`${data.speaker}: ${data.content}`); // interims have no seq
  },
  onStatus: ({ status, metadata }) => console.log("--", status, metadata.reason ?? ""),
  onState: ({ name, error }) => {
    if (name === "reconnecting") console.error("connecting again");
    if (error && !["reconnecting", "full"].includes(name)) {
      console.error(name, error.error, error.message ?? "");
      process.exitCode = 1;
    }
  },
});
