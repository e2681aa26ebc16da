// @ts-check
/** The page of one call: its transcript, clock and connection, from the moment at which the server rendered it. */
import "callboard/transcript_element";
import { AlertSteps } from "callboard/alert_steps";
import { ConnectionStatus, describe } from "callboard/connection_status";
import { enableCopyButtons } from "callboard/copy_button";
import { duration, plain } from "callboard/format";
import { LiveTranscript } from "callboard/live_transcript";
import { localiseTimes } from "callboard/local_times";
import { ScrollFollow } from "callboard/scroll_follow";
import { ticketUrl } from "callboard/ticket";
import { clockSince, tick } from "callboard/ticking";

/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */
/** @typedef {import("callboard/live_transcript").State} State */
/** @typedef {import("callboard/messages").StatusMessage} StatusMessage */

const BACK_MS = 6_000; // "Back, 6 segments recovered" is news for so long
const QUIET_MS = 45_000; // without a word for so long, someone should look

const STATUS = { "in-progress": "In progress", completed: "Completed", failed: "Failed" };

/** @param {string} name @returns {HTMLElement} */
const part = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-part="${name}"]`));

class CallPage {
  isOver = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ settling;
  connection = new ConnectionStatus(part("connection"));
  transcript = /** @type {TranscriptElement} */ (document.querySelector("live-transcript"));
  renderedClock = clockSince(this.transcript.dataset.renderedAt ?? "");
  lastWordsAt = Date.parse(this.transcript.dataset.lastWordsAt ?? "") || this.renderedClock();

  constructor() {
    const button = /** @type {HTMLButtonElement} */ (part("jump"));
    this.follow = new ScrollFollow(this.transcript, button, !location.hash);
    this.steps = new AlertSteps(this.transcript, part("alerts"));
    this.transcript.addEventListener("transcript-changed", (event) => this.changed(/** @type {CustomEvent} */ (event).detail));
    tick(document, () => this.now(), () => this.showQuiet());
    this.connect();
    document.querySelector('[data-step="retry"]')?.addEventListener("click", () => this.live?.retryNow());
    document.querySelector('[data-step="reload"]')?.addEventListener("click", () => location.reload());
  }

  connect() {
    const { callSid = "", cursor, epoch } = this.transcript.dataset;
    const xsrfToken = document.querySelector('meta[name="xsrf-token"]')?.getAttribute("content") ?? "";
    this.live = new LiveTranscript({
      url: () => ticketUrl({ call_sid: callSid }, xsrfToken),
      after: Number(cursor),
      epoch,
      onState: (state) => this.entered(state),
      onStatus: (message) => this.heardStatus(message),
      onReset: () => this.transcript.clear(),
      onHistoryComplete: () => this.transcript.listen(),
      onAlert: ({ data }) => this.transcript.takeAlert(data),
      onTranscript: (message) => {
        if (message.data.content) this.lastWordsAt = Math.max(this.lastWordsAt, Date.parse(message.timestamp));
        this.transcript.take(message);
      },
    });
    this.entered(this.live.state);
  }

  /** Server's time, ms. */
  now() {
    const offset = this.live?.clockOffset ?? null;
    return offset === null ? this.renderedClock() : Date.now() + offset;
  }

  /** @param {State} state */
  entered(state) {
    this.connection.show(describe(state));
    clearTimeout(this.settling);
    if (state.name === "live" && state.recovered !== null) {
      this.settling = setTimeout(() => this.connection.show(describe({ ...state, recovered: null })), BACK_MS);
    }
    if (state.name === "removed") this.transcript.clear();
    if (state.name !== "live") this.transcript.hush();
    if (state.name === "ended") this.transcript.dropInterims();
    document.documentElement.classList.toggle("is-live", state.name === "live");
    this.showQuiet();
  }

  /** @param {StatusMessage} message */
  heardStatus({ status, metadata }) {
    part("status").textContent = STATUS[status] ?? plain(status);
    const timer = /** @type {HTMLTimeElement} */ (part("timer"));
    if (metadata.started_at) this.transcript.dataset.startedAt = timer.dateTime = metadata.started_at;
    timer.toggleAttribute("data-ticking", status === "in-progress" && metadata.started_at !== null);
    if (status === "in-progress") return;
    this.isOver = true;
    if (metadata.duration !== null) timer.textContent = duration(metadata.duration);
    part("ended").textContent = `Call ${plain(status)}${metadata.reason ? ` · ${plain(metadata.reason)}` : ""}`;
    part("ended").hidden = false;
    this.showQuiet();
  }

  /** @param {{finals: number}} detail */
  changed({ finals }) {
    this.follow.grew(finals);
    part("segments").textContent = String(this.transcript.segments.finals);
    this.steps.show(this.transcript.alerts.count);
    this.showQuiet();
  }

  /** Which of the notes about silence is true now. */
  showQuiet() {
    const isRemoved = this.live?.state.name === "removed";
    const hasWords = this.transcript.segments.list.length > 0;
    const quietMs = this.now() - this.lastWordsAt;
    const isLive = this.live?.state.name === "live" && !this.isOver;
    const notes = {
      removed: isRemoved,
      waiting: !hasWords && !this.isOver && !isRemoved,
      wordless: !hasWords && this.isOver && !isRemoved,
      quiet: hasWords && isLive && quietMs >= QUIET_MS,
    };
    for (const [name, isTrue] of Object.entries(notes)) if (part(name).hidden === isTrue) part(name).hidden = !isTrue;
    if (notes.quiet) part("quiet-for").textContent = duration(quietMs / 1000);
  }
}

if (document.querySelector("live-transcript[data-live]")) new CallPage();
else new AlertSteps(/** @type {TranscriptElement} */ (document.querySelector("live-transcript")), part("alerts"));
enableCopyButtons(document);
localiseTimes(document);
