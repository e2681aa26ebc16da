// @ts-check
/** The page of one call's captions: a few large lines of what is being said, and how true they are. */
import { CaptionsControls } from "callboard/captions_controls";
import { CaptionsLog } from "callboard/captions_log";
import { CaptionsStage } from "callboard/captions_stage";
import { ConnectionStatus, describe } from "callboard/connection_status";
import { LiveTranscript } from "callboard/live_transcript";
import { localiseTimes } from "callboard/local_times";
import { Segments } from "callboard/segments";
import { ticketUrl } from "callboard/ticket";

/** @typedef {import("callboard/segments").Change} Change */
/** @typedef {import("callboard/live_transcript").State} State */

const BACK_MS = 6_000; // "Back, 6 segments recovered" is news for so long

/** @param {string} name @returns {HTMLElement} */
const part = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-part="${name}"]`));
/** @param {string|undefined} text */
const numberOrNull = (text) => (text ? Number(text) : null);

class CaptionsPage {
  segments = new Segments();
  isOver = false;
  isRemoved = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ settling;
  /** @type {WakeLockSentinel|null} */ lock = null;

  constructor() {
    this.root = part("captions");
    const { userName = "", assistantName = "" } = this.root.dataset;
    const names = { user: userName, assistant: assistantName };
    this.isOver = this.root.hasAttribute("data-over");
    this.connection = new ConnectionStatus(part("connection"));
    this.stage = new CaptionsStage(part("stage"), names);
    this.log = new CaptionsLog(part("log"), names);
    this.log.nodes.forEach((node) => this.adopt(node));
    this.controls = new CaptionsControls(this.root, this.stage);
    this.showNotes();
    if (this.root.hasAttribute("data-live")) this.connect();
    document.querySelector('[data-step="retry"]')?.addEventListener("click", () => this.live?.retryNow());
    document.querySelector('[data-step="reload"]')?.addEventListener("click", () => location.reload());
    document.addEventListener("visibilitychange", () => this.keepAwake());
  }

  /** @param {HTMLElement} node as captions.html made it */
  adopt({ dataset: { segmentId: id = "", seq, speaker, start, end, revision }, children: [, words] }) {
    const data = /** @type {any} */ ({
      segment_id: id, speaker, content: words.textContent, language: words.getAttribute("lang"), is_final: true,
      revision: numberOrNull(revision), segment_start: numberOrNull(start), segment_end: numberOrNull(end),
    }); // prettier-ignore
    const segment = { id, data, seq: Number(seq), timestamp: "", place: NaN };
    this.segments.adopt(segment);
    this.stage.apply({ kind: "added", segment });
  }

  connect() {
    const { callSid = "", cursor, epoch } = this.root.dataset;
    this.live = new LiveTranscript({
      url: () => ticketUrl({ call_sid: callSid }),
      after: Number(cursor),
      epoch,
      onState: (state) => this.entered(state),
      onStatus: ({ status }) => {
        this.isOver ||= status !== "in-progress";
        this.showNotes();
      },
      onReset: () => this.clear(),
      onHistoryComplete: () => {
        this.segments.dropInterims().forEach((change) => this.take(change)); // those still open come next
        this.log.listen();
      },
      onTranscript: (message) => this.take(this.segments.apply(message)),
    });
    this.entered(this.live.state);
  }

  /** @param {Change|null} change */
  take(change) {
    if (!change) return;
    this.stage.apply(change);
    this.log.apply(change);
    this.showNotes();
  }

  /** @param {State} state */
  entered(state) {
    this.connection.show(describe(state));
    clearTimeout(this.settling);
    if (state.name === "live" && state.recovered !== null) {
      this.settling = setTimeout(() => this.connection.show(describe({ ...state, recovered: null })), BACK_MS);
    }
    this.isRemoved = state.name === "removed";
    if (this.isRemoved) this.clear();
    if (state.name !== "live") this.log.hush();
    if (state.name === "ended") this.segments.dropInterims().forEach((change) => this.take(change));
    document.documentElement.classList.toggle("is-live", state.name === "live");
    this.showNotes();
    this.keepAwake();
  }

  clear() {
    this.segments.clear();
    this.stage.clear();
    this.log.clear();
    this.showNotes();
  }

  /** Which of the notes that stand for words is true now. */
  showNotes() {
    const isEmpty = this.stage.lines.isEmpty;
    const notes = {
      removed: this.isRemoved,
      waiting: isEmpty && !this.isOver && !this.isRemoved && !this.segments.list.length,
      wordless: isEmpty && this.isOver && !this.isRemoved,
    };
    for (const [name, isTrue] of Object.entries(notes)) if (part(name).hidden === isTrue) part(name).hidden = !isTrue;
  }

  /** A screen that nobody touches sleeps after some minutes; not while there is something to read on it. */
  async keepAwake() {
    const isWanted = !document.hidden && !["ended", "closed", "removed"].includes(this.live?.state.name ?? "closed");
    try {
      if (isWanted && (!this.lock || this.lock.released)) this.lock = await navigator.wakeLock?.request("screen");
      else if (!isWanted) await this.lock?.release();
    } catch {
      // not on https, or the battery is low: then it sleeps
    }
  }
}

new CaptionsPage();
localiseTimes(document);
