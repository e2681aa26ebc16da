// @ts-check
/**
 * What a viewer's socket says, as types; nothing here runs. docs/protocol.md has the meaning of each field.
 *
 * @typedef {{content: string, speaker: "user"|"assistant", is_final: boolean, confidence: number|null,
 *   segment_start: number|null, segment_end: number|null, created_at: string|null, segment_id: string,
 *   revision: number|null, language: string|null}} TranscriptData
 * @typedef {{type: "transcript", call_sid: string, timestamp: string, seq?: number, replayed: boolean,
 *   data: TranscriptData}} TranscriptMessage   `seq` is absent from interims
 * @typedef {{type: "call_status", status: "in-progress"|"completed"|"failed", timestamp: string,
 *   metadata: Record<string, any>}} StatusMessage
 * @typedef {{id: number, rule: string, rule_id: number, segment_id: string|null, seq: number|null,
 *   spans: [number, number][]|null, at: string}} AlertData   `spans` in characters (code points) of the entry's content
 * @typedef {{type: "alert", call_sid: string, timestamp: string, data: AlertData}} AlertMessage
 * @typedef {{type: "company", call_sid: string, timestamp: string, viewers: {name: string, via: "page"|"key"}[],
 *   notes_version: number}} CompanyMessage   another `notes_version`: read the notes again
 * @typedef {{error: string, message?: string, retryable?: boolean, retry_after?: number, signed_out?: boolean}} ErrorMessage
 * @typedef {{through_seq: number, count: number}} HistoryMessage
 */

export {};
