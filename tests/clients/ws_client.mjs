// Watches one call with Node's `ws` package; the order is the argument, what happens is a line of JSON each.
import WebSocket from "ws";

const order = JSON.parse(process.argv[2]);
const tell = (line) => console.log(JSON.stringify(line));

const socket = new WebSocket(order.url, order.subprotocols, { headers: order.headers });
socket.on("open", () => {
  tell({ open: { subprotocol: socket.protocol, is_compressed: socket.extensions !== "" } });
  if (order.ping) socket.ping(order.ping);
});
socket.on("pong", (payload) => tell({ pong: payload.toString() }));
socket.on("message", (payload, isBinary) => tell(isBinary ? { binary: payload.length } : { message: JSON.parse(payload) }));
socket.on("close", (code, reason) => tell({ close: { code, reason: reason.toString() } }));
