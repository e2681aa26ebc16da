// Node's `ws`: the text made once, `send` to each viewer.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { WebSocketServer } = createRequire(process.env.BENCH_MODULES)("ws");
const setting = (name, otherwise) => Number(process.env[name] ?? otherwise);
const [CALLS, BATCH, SECONDS] = [setting("CALLS", 1), setting("BATCH", 20), setting("SECONDS", 2)];
const WORDS = "so I was wondering whether the second invoice has it";

const viewers = new Map();

function event(call, revision) {
  const now = new Date().toISOString();
  const said = {
    content: `@${process.hrtime.bigint()} ${WORDS}`,
    speaker: "user",
    is_final: false,
    confidence: 0.953,
    segment_start: 5.2,
    segment_end: 7.1,
    created_at: now,
    segment_id: "s0",
    revision,
    language: "en-US",
  };
  return { type: "transcript", call_sid: `C${call}`, timestamp: now, replayed: false, data: said };
}

function publishForAWhile() {
  const stop = performance.now() + SECONDS * 1000;
  let published = 0;
  const turn = () => {
    for (let i = 0; i < BATCH; i++, published++) {
      const call = published % CALLS;
      const text = JSON.stringify(event(call, published));
      for (const viewer of viewers.get(`C${call}`) ?? []) viewer.send(text);
    }
    if (performance.now() < stop) setImmediate(turn);
    else console.log(JSON.stringify({ published }));
  };
  turn();
}

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  const call = request.url.split("?")[0].split("/").pop();
  if (!viewers.has(call)) viewers.set(call, new Set());
  viewers.get(call).add(socket);
  socket.on("close", () => viewers.get(call).delete(socket));
});
server.listen(0, "127.0.0.1", 1024, () => console.log(JSON.stringify({ port: server.address().port })));
createInterface({ input: process.stdin }).on("line", publishForAWhile).on("close", () => process.exit(0));
