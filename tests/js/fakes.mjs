/** Time that only tests move, and sockets that say what a test tells them to. */
import { LiveTranscript } from "../../static/js/live_transcript.js";

export class FakeTime {
  ms = 1_000_000;
  #timers = new Map();
  #ids = 0;

  now = () => this.ms;
  setTimeout = (work, ms) => {
    this.#timers.set(++this.#ids, { at: this.ms + ms, work });
    return this.#ids;
  };
  clearTimeout = (id) => this.#timers.delete(id);

  /** Let time pass, and everything that was due happen in its order. */
  async pass(ms) {
    const end = this.ms + ms;
    for (;;) {
      const [due] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
      if (!due || due[1].at > end) break;
      this.#timers.delete(due[0]);
      this.ms = Math.max(this.ms, due[1].at);
      due[1].work();
      await settled();
    }
    this.ms = end;
    await settled();
  }
}

/** Everything that was promised and is ready has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

export const transcript = (seq, data = {}) => ({
  type: "transcript", timestamp: "2026-01-19T12:00:05.123+00:00", seq, replayed: false,
  data: { content: `words ${seq}`, speaker: "user", is_final: seq !== undefined, confidence: 0.9, segment_id: `s-${seq}`,
    segment_start: null, segment_end: null, created_at: null, revision: 1, language: null, ...data },
}); // prettier-ignore

/** A WebSocket that a test speaks for; each one made is in `sockets`. */
export function fakeSockets() {
  const sockets = [];
  class FakeSocket {
    readyState = 1;
    sent = [];
    isClosed = false;
    constructor(url) {
      this.url = new URL(url);
      sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.isClosed = true;
    }
    say(...messages) {
      for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
    }
    /** Closes as a server does, after its last words. */
    end(code, ...messages) {
      this.say(...messages);
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }
  return { sockets, FakeSocket };
}

/** A LiveTranscript whose world is scripted: `sockets`, `time`, and all that it `said`. */
export async function watch(options = {}) {
  const { sockets, FakeSocket } = fakeSockets();
  class CallSocket extends FakeSocket {
    establish({ recovered = true, epoch = "e1", head = 0 } = {}) {
      this.say({ type: "connection_established", epoch, recovered, head_seq: head, limits: { connections_per_call: 10 } });
    }
    /** Establishes, replays and is live. */
    begin(...replayed) {
      this.establish();
      this.say(...replayed, { type: "history_complete", through_seq: 0, count: replayed.length });
    }
    pong(timestamp) {
      this.say({ type: "pong", id: this.sent.at(-1).id, timestamp });
    }
  }
  const time = new FakeTime();
  const said = { states: [], seqs: [], resets: 0, errors: [], statuses: [] };
  const live = new LiveTranscript({
    url: "wss://callboard.example/live-transcript/CA1?token=cb_key", WebSocket: CallSocket, random: () => 1, ...time,
    onState: (state) => said.states.push(state),
    onTranscript: ({ seq, data }) => said.seqs.push(seq ?? data.content),
    onReset: () => said.resets++,
    onError: ({ error }) => said.errors.push(error),
    onStatus: ({ status }) => said.statuses.push(status),
    ...options,
  }); // prettier-ignore
  await settled();
  return { live, time, sockets, said, last: () => sockets.at(-1), state: () => live.state };
}
