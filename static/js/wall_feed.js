// @ts-check
/**
 * The organisation's feed over a WebSocket: every running call, then what changes, through any number of reconnects.
 * Each connection begins with a snapshot that replaces what was known. It puts nothing on a screen.
 *
 * @typedef {import("callboard/live_transcript").State} State
 * @typedef {import("callboard/messages").ErrorMessage} ErrorMessage
 * @typedef {{type: "snapshot"|"calls_updated", timestamp: string, calls: import("callboard/wall").CallRow[]}} CallsMessage
 *
 * @typedef {object} Options
 * @property {() => string | Promise<string>} url asked at every attempt; may throw `Refused`
 * @property {(message: CallsMessage) => void} [onSnapshot]
 * @property {(message: CallsMessage) => void} [onUpdate]
 * @property {(state: State) => void} [onState]
 * @property {any} [WebSocket]
 * @property {() => number} [random]
 * @property {() => number} [now]
 * @property {(work: () => void, ms: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */
import { backoff, Refused } from "callboard/live_transcript";

// The same patience as live_transcript.js, for the same reasons.
const STABLE_MS = 5_000;
const OPEN_MS = 10_000;
const PING_EVERY_MS = 15_000;
const PONG_MS = 10_000;
const FATAL = new Set([1002, 1003, 1007, 1009]); // the same again would fail the same way
const REFUSED = { authentication_failed: "signed-out", access_revoked: "removed" };

export class LiveCalls {
  /** @type {State} */ state = { name: "connecting" };
  /** Server's time minus ours, ms; null until learnt. @type {number|null} */ clockOffset = null;
  /** @type {any} */ #socket = null;
  /** @type {Map<string, any>} */ #timers = new Map();
  /** @type {ErrorMessage|null} */ #error = null; // the last message, if it was an error
  #attempts = 0; // failed in a row
  #connection = 0; // counts attempts, so that what an abandoned one still says is not heard
  #pings = 0;
  #pingSentAt = 0;

  /** @param {Options} options connects at once */
  constructor(options) {
    this.options = {
      WebSocket: globalThis.WebSocket,
      random: Math.random,
      now: Date.now,
      setTimeout: (/** @type {() => void} */ work, /** @type {number} */ ms) => setTimeout(work, ms),
      clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
      ...options,
    };
    globalThis.addEventListener?.("online", () => this.#hint());
    globalThis.document?.addEventListener("visibilitychange", () => this.#hint());
    this.#connect();
  }

  /** Try at once instead of waiting; also after a final state. */
  retryNow() {
    if (this.state.name === "live" || this.state.name === "connecting") return;
    this.#enter({ name: "connecting" });
    this.#connect();
  }

  /** The network or the reader came back: don't sit out a delay, and don't trust a line that slept. */
  #hint() {
    if (globalThis.document?.hidden) return;
    if (this.state.name === "reconnecting") this.retryNow();
    else if (this.state.name === "live") this.#ping();
  }

  async #connect() {
    this.#drop();
    const connection = this.#connection;
    this.#timer("open", OPEN_MS, () => this.#lost(null));
    try {
      const address = await this.options.url();
      if (connection !== this.#connection) return;
      const socket = (this.#socket = new this.options.WebSocket(address));
      socket.onmessage = (/** @type {any} */ event) => this.#hear(JSON.parse(event.data));
      socket.onclose = (/** @type {any} */ event) => this.#closed(event.code);
      socket.onerror = () => {}; // a close follows, and says more
    } catch (reason) {
      if (connection !== this.#connection) return;
      if (reason instanceof Refused) this.#refused(reason);
      else this.#lost({ error: "unreachable", message: String(reason) });
    }
  }

  /** @param {any} message those of other types are for newer clients */
  #hear(message) {
    this.#error = message.type === "error" ? message : null;
    if (this.#timers.has("pong")) this.#awaitPong(); // behind a long snapshot, but on its way
    if (message.type === "snapshot") this.#begin(message);
    else if (message.type === "calls_updated") this.options.onUpdate?.(message);
    else if (message.type === "pong") this.#heardPong(message);
  }

  /** @param {CallsMessage} message */
  #begin(message) {
    this.#cancel("open");
    this.#timer("stable", STABLE_MS, () => (this.#attempts = 0));
    this.#enter({ name: "live", recovered: null });
    this.options.onSnapshot?.(message);
    this.#ping();
  }

  /** @param {{id?: number, timestamp: string}} message */
  #heardPong({ id, timestamp }) {
    if (id !== this.#pings) return;
    const offset = Date.parse(timestamp) - (this.#pingSentAt + this.options.now()) / 2;
    if (Number.isFinite(offset)) this.clockOffset = offset;
    this.#cancel("pong");
    this.#timer("ping", PING_EVERY_MS, () => this.#ping());
  }

  #ping() {
    if (this.#socket?.readyState !== 1) return;
    this.#pingSentAt = this.options.now();
    this.#socket.send(JSON.stringify({ type: "ping", id: ++this.#pings }));
    this.#awaitPong();
  }

  #awaitPong() {
    this.#timer("pong", PONG_MS, () => this.#lost(null));
  }

  /** @param {number} code */
  #closed(code) {
    const error = this.#error;
    this.#drop();
    if (code === 1000) this.#enter({ name: "closed" });
    else if (FATAL.has(code)) this.#enter({ name: "failed", error: error ?? { error: `closed_${code}` } });
    else if (code === 1008) this.#refused(error ?? { error: "refused" });
    else this.#lost(error);
  }

  /** @param {ErrorMessage} error */
  #refused(error) {
    if (error.retryable) return this.#lost(error);
    this.#drop();
    const name = error.signed_out ? "signed-out" : (/** @type {Record<string, any>} */ (REFUSED)[error.error] ?? "failed");
    this.#enter({ name, error: { error: error.error, message: error.message } });
  }

  /** Come back later. @param {ErrorMessage|null} error */
  #lost(error) {
    this.#drop();
    const delay = backoff(this.#attempts++, this.options.random(), error?.retry_after);
    this.#timer("retry", delay, () => this.#connect());
    this.#enter({ name: "reconnecting", attempt: this.#attempts, delay, error });
  }

  /** Let go of the socket without waiting for it: a dead line can take minutes to say so. */
  #drop() {
    this.#connection++;
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    const socket = this.#socket;
    this.#socket = this.#error = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null; // onerror stays: an unopened socket complains when closed
    socket.close();
  }

  /** @param {State} state */
  #enter(state) {
    this.state = state;
    this.options.onState?.(state);
  }

  /** @param {string} name one timer of each name runs @param {number} ms @param {() => void} work */
  #timer(name, ms, work) {
    this.#cancel(name);
    this.#timers.set(name, this.options.setTimeout(work, ms));
  }

  /** @param {string} name */
  #cancel(name) {
    this.options.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
