// @ts-check
/**
 * One live call over a WebSocket: what was missed, then the call as it goes, through any number of reconnects.
 *
 * Public, without dependencies, for browsers and Node (20: pass `WebSocket`; 22 brings its own). It puts nothing on
 * a screen; segments.js tells what to show.
 *
 *     const live = new LiveTranscript({
 *       url: "wss://callboard.example/live-transcript/CA123?token=cb_…",
 *       onTranscript: ({ data }) => console.log(data.speaker, data.content),
 *     });
 *
 * Every stored transcript arrives once and in the order of `seq`, whatever happens to the connection. Interims may be
 * lost. After `onReset` everything starts again from `seq` 1: forget what was shown.
 * @typedef {import("./live_transcript_types.js").Options} Options
 * @typedef {import("./live_transcript_types.js").State} State
 * @typedef {import("./messages.js").StatusMessage} StatusMessage
 * @typedef {import("./messages.js").ErrorMessage} ErrorMessage
 */

const BACKOFF_MS = 500; // doubles with each attempt
const BACKOFF_MAX_MS = 30_000;
const STABLE_MS = 5_000; // a connection that held this long was a good one: back-off starts anew
const OPEN_MS = 10_000; // from the first byte to connection_established
const PING_EVERY_MS = 15_000; // a browser doesn't show the protocol's pings: an answer to this proves the line alive
const PONG_MS = 10_000; // as patient as the server is
const ACCESS_DENIED_MS = 120_000; // a call's first event may still be on its way; longer than this it is not
const FATAL = new Set([1002, 1003, 1007, 1009]); // the same again would fail the same way
const REFUSED = { authentication_failed: "signed-out", access_revoked: "removed" };

/** Thrown by a `url` function; means what the server's error message of that name means. */
export class Refused extends Error {
  /** @param {string} error @param {string} [message] @param {{retryable?: boolean, retryAfter?: number}} [hint] s */
  constructor(error, message = error, { retryable = false, retryAfter } = {}) {
    super(message);
    this.error = error;
    this.retryable = retryable;
    this.retry_after = retryAfter;
  }
}

/** Full jitter: anywhere between nothing and the doubled bound, never before `retryAfter` (s). In ms.
 * @param {number} attempt 0, 1, 2 … @param {number} random @param {number} [retryAfter] */
export function backoff(attempt, random, retryAfter = 0) {
  return retryAfter * 1000 + random * Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** attempt);
}

export class LiveTranscript {
  /** @type {any} */ #socket = null;
  #attempts = 0; // failed in a row
  #connection = 0; // counts attempts, so that what an abandoned one still says is not heard
  #hasBeenLive = false;
  /** @type {Map<string, any>} */ #timers = new Map();
  /** @type {ErrorMessage|null} */ #error = null; // the last message, if it was an error
  /** @type {number|null} */ #deniedSince = null;
  /** @type {number|null} */ #limit = null;
  /** @type {StatusMessage|null} */ #status = null;
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
    /** The last `seq` handed on, and the log that it was counted in. */
    this.cursor = options.after ?? 0;
    this.epoch = options.epoch ?? null;
    this.client = options.client ?? `js-${this.options.random().toString(36).slice(2, 12)}`;
    /** Server's clock minus this one's, ms; null until the first pong. @type {number|null} */
    this.clockOffset = null;
    /** @type {State} */
    this.state = { name: "connecting" };
    globalThis.addEventListener?.("online", this.#hint);
    globalThis.document?.addEventListener("visibilitychange", this.#hint);
    this.#connect();
  }

  /** Try at once instead of waiting; also after `signed-out`, `removed` or `failed`. Nothing if connected or ended. */
  retryNow() {
    if (!["reconnecting", "full", "signed-out", "removed", "failed"].includes(this.state.name)) return;
    this.#enter({ name: "connecting" });
    this.#connect();
  }

  close() {
    this.#drop();
    if (this.state.name !== "ended") this.#enter({ name: "closed" });
    globalThis.removeEventListener?.("online", this.#hint);
    globalThis.document?.removeEventListener("visibilitychange", this.#hint);
  }

  /** The network or the reader came back: don't sit out a delay, and don't trust a line that slept. */
  #hint = () => {
    if (globalThis.document?.hidden) return;
    if (this.state.name === "reconnecting") this.retryNow();
    else if (this.state.name === "live") this.#ping();
  };

  async #connect() {
    this.#drop();
    const connection = this.#connection;
    this.#timer("open", OPEN_MS, () => this.#lost(null));
    try {
      const { url } = this.options;
      const address = new URL(typeof url === "function" ? await url() : url, globalThis.location?.href);
      if (connection !== this.#connection) return;
      address.protocol = address.protocol.replace(/^http/, "ws");
      address.searchParams.set("client", this.client);
      if (this.cursor) address.searchParams.set("after", String(this.cursor));
      if (this.cursor && this.epoch) address.searchParams.set("epoch", this.epoch);
      if (this.options.interim === false) address.searchParams.set("interim", "0");
      if (this.options.company) address.searchParams.set("company", "1");
      const socket = (this.#socket = new this.options.WebSocket(address.href));
      socket.onmessage = (/** @type {any} */ event) => this.#hear(event.data);
      socket.onclose = (/** @type {any} */ event) => this.#closed(event.code);
      socket.onerror = () => {}; // a close follows, and says more
    } catch (reason) {
      if (connection !== this.#connection) return;
      if (reason instanceof Refused) this.#refused(reason);
      else this.#lost({ error: "unreachable", message: String(reason) });
    }
  }

  /** @param {string} text */
  #hear(text) {
    const message = JSON.parse(text);
    this.#error = message.type === "error" ? message : null;
    if (this.#timers.has("pong")) this.#awaitPong(); // behind a long history, but on its way
    if (Object.hasOwn(this.#hearers, message.type)) this.#hearers[message.type](message); // others: for newer clients
  }

  /** @type {Record<string, (message: any) => void>} */
  #hearers = {
    connection_established: ({ epoch, recovered, limits }) => {
      this.#cancel("open");
      this.#deniedSince = null;
      this.#limit = limits?.connections_per_call ?? null;
      if (recovered === false) {
        this.cursor = 0;
        this.options.onReset?.();
      }
      this.epoch = epoch ?? null;
      this.#timer("stable", STABLE_MS, () => (this.#attempts = 0));
      this.#ping();
    },
    call_status: (message) => this.options.onStatus?.((this.#status = message)),
    transcript: (message) => {
      const { seq } = message;
      if (seq != null) {
        if (seq <= this.cursor) return;
        if (seq > this.cursor + 1) return this.#lost(null); // a hole: the store has what is missing
        this.cursor = seq;
      }
      this.options.onTranscript?.(message);
    },
    history_complete: (message) => {
      this.options.onHistoryComplete?.(message);
      this.#enter({ name: "live", recovered: this.#hasBeenLive ? message.count : null });
      this.#hasBeenLive = true;
    },
    pong: ({ id, timestamp }) => {
      if (id !== this.#pings) return;
      const took = this.options.now() - this.#pingSentAt;
      const offset = Date.parse(timestamp) - this.#pingSentAt - took / 2;
      if (Number.isFinite(offset) && (took < 1_000 || this.clockOffset === null)) this.clockOffset = offset; // slower: who knows where
      this.#cancel("pong");
      this.#timer("ping", PING_EVERY_MS, () => this.#ping());
    },
    alert: (message) => this.options.onAlert?.(message),
    company: (message) => this.options.onCompany?.(message),
    error: (message) => this.options.onError?.(message),
  };

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
    if (code === 1000) return this.#enter({ name: "ended", status: this.#status });
    if (FATAL.has(code)) return this.#enter({ name: "failed", error: error ?? { error: `closed_${code}` } });
    if (code === 1008) return this.#refused(error ?? { error: "refused" });
    this.#lost(error);
  }

  /** @param {ErrorMessage} error */
  #refused(error) {
    if (error.error === "access_denied") this.#deniedSince ??= this.options.now();
    const deniedFor = this.options.now() - (this.#deniedSince ?? Infinity);
    if (error.retryable && deniedFor < ACCESS_DENIED_MS) return this.#lost(error);
    this.#deniedSince = null;
    this.#drop();
    const name = error.signed_out ? "signed-out" : (/** @type {Record<string, any>} */ (REFUSED)[error.error] ?? "failed");
    this.#enter({ name, error: { ...error, error: error.error, message: error.message } });
  }

  /** Come back later, from where we were. @param {ErrorMessage|null} error */
  #lost(error) {
    this.#drop();
    const delay = backoff(this.#attempts++, this.options.random(), error?.retry_after);
    this.#timer("retry", delay, () => this.#connect());
    const waiting = { attempt: this.#attempts, delay, error };
    if (error?.error === "connection_limit_exceeded") this.#enter({ name: "full", ...waiting, error, limit: this.#limit });
    else this.#enter({ name: "reconnecting", ...waiting });
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
