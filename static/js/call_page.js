// @ts-check
/** The page of one call: its transcript, clock and connection, from the moment at which the server rendered it. */
import "callboard/transcript_element";
import { AlertSteps } from "callboard/alert_steps";
import { Behind } from "callboard/behind";
import { listenToKeys } from "callboard/call_keys";
import { showNotes } from "callboard/call_notes";
import { CallTools } from "callboard/call_tools";
import { CompanyPanel } from "callboard/company";
import { ConnectionStatus, describe } from "callboard/connection_status";
import { enableCopyButtons } from "callboard/copy_button";
import { duration, plain } from "callboard/format";
import { LiveTranscript } from "callboard/live_transcript";
import { localiseTimes } from "callboard/local_times";
import { MeasuresPanel } from "callboard/measures_panel";
import { segmentOf } from "callboard/permalink";
import { ScrollFollow } from "callboard/scroll_follow";
import { SignInInline } from "callboard/sign_in_inline";
import { ticketUrl } from "callboard/ticket";
import { clockSince, tick } from "callboard/ticking";
import { Timeline } from "callboard/timeline";

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
  isBack = false; // lately, which is said first
  behind = new Behind();
  /** @type {ReturnType<typeof setTimeout>|undefined} */ settling;
  connection = new ConnectionStatus(part("connection"));
  transcript = /** @type {TranscriptElement} */ (document.querySelector("live-transcript"));
  renderedClock = clockSince(this.transcript.dataset.renderedAt ?? "");
  stoppedAt = this.renderedClock();
  lastWordsAt = Date.parse(this.transcript.dataset.lastWordsAt ?? "") || this.renderedClock();

  /** @param {CallTools} tools */
  constructor(tools) {
    const button = /** @type {HTMLButtonElement} */ (part("jump"));
    const isFollowing = tools.reading.isFollowing && !location.hash;
    this.follow = new ScrollFollow(this.transcript, button, isFollowing, (is) => tools.showFollow(is));
    tools.follows(this.follow);
    this.steps = new AlertSteps(this.transcript, part("alerts"));
    this.measures = new MeasuresPanel(part("measures"), this.transcript);
    this.notes = showNotes(this.transcript, this.follow);
    this.company = new CompanyPanel(part("company"), part("watching"));
    this.timeline = new Timeline(part("timeline"), this.transcript, this.notes);
    this.transcript.addEventListener("transcript-changed", (event) => this.changed(/** @type {CustomEvent} */ (event).detail));
    tick(document, () => this.now(), () => this.ticked());
    this.connect();
    const signIn = /** @type {HTMLDialogElement} */ (part("sign-in"));
    new SignInInline(signIn, document.querySelector('[data-step="sign-in"]'), () => this.live?.retryNow());
    document.querySelector('[data-step="retry"]')?.addEventListener("click", () => this.live?.retryNow());
    document.querySelector('[data-step="reload"]')?.addEventListener("click", () => location.reload());
  }

  connect() {
    const { callSid = "", cursor, epoch } = this.transcript.dataset;
    this.live = new LiveTranscript({
      url: () => ticketUrl({ call_sid: callSid }),
      after: Number(cursor),
      epoch,
      onState: (state) => this.entered(state),
      onStatus: (message) => this.heardStatus(message),
      onReset: () => this.transcript.clear(),
      onHistoryComplete: () => this.transcript.listen(),
      onAlert: ({ data }) => this.transcript.takeAlert(data),
      company: true,
      onCompany: ({ viewers, notes_version }) => {
        this.company.show(viewers);
        this.notes.heard(notes_version);
      },
      onTranscript: (message) => {
        if (!message.replayed && this.live?.clockOffset != null) this.behind.heard(Date.parse(message.timestamp), this.now());
        if (message.data.content) this.lastWordsAt = Math.max(this.lastWordsAt, Date.parse(message.timestamp));
        this.transcript.take(message);
      },
    });
    this.entered(this.live.state);
  }

  /** Server's time, ms; it stands still while we don't hear whether the call goes on. */
  now() {
    if (this.live?.state.name !== "live") return this.stoppedAt;
    const offset = this.live.clockOffset;
    return (this.stoppedAt = offset === null ? this.renderedClock() : Date.now() + offset);
  }

  ticked() {
    const startedAt = Date.parse(this.transcript.dataset.startedAt ?? "");
    if (startedAt) this.timeline.tick((this.now() - startedAt) / 1000);
    this.showState();
    this.showQuiet();
  }

  /** @param {State} state */
  entered(state) {
    clearTimeout(this.settling);
    this.behind.forget();
    this.isBack = state.name === "live" && state.recovered !== null;
    if (this.isBack) this.settling = setTimeout(() => (this.isBack = false), BACK_MS);
    this.showState(state);
    if (state.name === "live") this.measures.live();
    if (state.name === "removed") [this.transcript, this.notes].forEach((shown) => shown.clear());
    if (state.name !== "live") this.transcript.hush();
    if (state.name === "ended") this.transcript.dropInterims();
    document.documentElement.classList.toggle("is-live", state.name === "live");
    const isCutOff = !["live", "ended"].includes(state.name); // what acts on the call waits until it is known to be so
    for (const control of document.querySelectorAll("[data-needs-live]")) control.toggleAttribute("disabled", isCutOff);
    this.showQuiet();
  }

  /** How true the page is at this moment. @param {State} [state] */
  showState(state = this.live?.state) {
    if (!state) return;
    const isSettled = state.name === "live" && !this.isBack;
    const said = isSettled ? describe({ ...state, recovered: null }, this.behind.seconds(this.now())) : describe(state);
    this.connection.show(said);
  }

  /** @param {StatusMessage} message */
  heardStatus({ status, metadata }) {
    part("status").textContent = STATUS[status] ?? plain(status);
    const timer = /** @type {HTMLTimeElement} */ (part("timer"));
    if (metadata.started_at) this.transcript.dataset.startedAt = timer.dateTime = metadata.started_at;
    timer.toggleAttribute("data-ticking", status === "in-progress" && metadata.started_at !== null);
    if (status === "in-progress") return;
    this.isOver = true;
    this.measures.finish(metadata.duration);
    this.timeline.finish(metadata.duration);
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

const transcript = /** @type {TranscriptElement} */ (document.querySelector("live-transcript"));
const tools = new CallTools(part("toolbar"), transcript);
listenToKeys(/** @type {HTMLDialogElement} */ (part("keys")), /** @type {HTMLElement} */ (document.querySelector('[data-step="help"]')));
await transcript.adopted;
if ("live" in transcript.dataset) new CallPage(tools);
else {
  new AlertSteps(transcript, part("alerts"));
  new Timeline(part("timeline"), transcript, showNotes(transcript));
}
const goToLinked = () => transcript.goTo(segmentOf(location.hash) ?? "");
addEventListener("hashchange", goToLinked);
goToLinked(); // the browser's own jump came before the head was measured, and doesn't focus
enableCopyButtons(document);
localiseTimes(document);
