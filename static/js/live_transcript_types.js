// @ts-check
/**
 * What `LiveTranscript` takes and what it says, as types; nothing here runs.
 *
 * @typedef {import("./messages.js").TranscriptMessage} TranscriptMessage
 * @typedef {import("./messages.js").StatusMessage} StatusMessage
 * @typedef {import("./messages.js").HistoryMessage} HistoryMessage
 * @typedef {import("./messages.js").AlertMessage} AlertMessage
 * @typedef {import("./messages.js").CompanyMessage} CompanyMessage
 * @typedef {import("./messages.js").ErrorMessage} ErrorMessage
 *
 * `recovered`: stored transcripts that a reconnect brought, null at first. `delay` in ms. `full` and `reconnecting`
 * go on by themselves; those after them are final until `retryNow()`.
 * @typedef {{name: "connecting"}
 *   | {name: "live", recovered: number|null}
 *   | {name: "reconnecting", attempt: number, delay: number, error: ErrorMessage|null}
 *   | {name: "full", attempt: number, delay: number, limit: number|null, error: ErrorMessage}
 *   | {name: "ended", status: StatusMessage|null}
 *   | {name: "signed-out"|"removed"|"failed", error: ErrorMessage}
 *   | {name: "closed"}} State
 *
 * @typedef {object} Options
 * @property {string | (() => string | Promise<string>)} url the socket's address with its `token`. A function is asked
 *   at every attempt, for tickets that work once; it may throw `Refused` where trying again is no use
 * @property {number} [after] the last `seq` already shown; 0, or left out: the whole call
 * @property {string|null} [epoch] the log in which `after` was counted
 * @property {string} [client] a reconnect takes over the place of the same id; made up if left out
 * @property {boolean} [interim] false: finals only
 * @property {(message: TranscriptMessage) => void} [onTranscript]
 * @property {(message: StatusMessage) => void} [onStatus]
 * @property {(message: HistoryMessage) => void} [onHistoryComplete]
 * @property {(message: AlertMessage) => void} [onAlert] with each connection all of them come again: `data.id` tells
 *   which are known; one that is now about a newer entry of its segment comes again, too
 * @property {boolean} [company] true: to be told who else watches
 * @property {(message: CompanyMessage) => void} [onCompany] with each connection, then when someone comes or goes, or
 *   notes change
 * @property {() => void} [onReset] the log is another one: clear the screen
 * @property {(state: State) => void} [onState]
 * @property {(message: ErrorMessage) => void} [onError]
 * @property {any} [WebSocket] the class to connect with
 * @property {() => number} [random] 0 ≤ n < 1
 * @property {() => number} [now] ms since 1970
 * @property {(work: () => void, ms: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */

export {};
