// @ts-check
/** Where a socket is, with a ticket that opens it once: the page itself never holds a key. */
import { Refused } from "callboard/live_transcript";

/** The page's own token against forged requests. */
export const xsrfToken = () => document.querySelector('meta[name="xsrf-token"]')?.getAttribute("content") ?? "";

/** @param {{call_sid: string}|{feed: "live-calls"}} what @returns {Promise<string>} */
export async function ticketUrl(what) {
  const response = await fetch("/api/v1/tickets", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-XSRFToken": xsrfToken() },
    body: JSON.stringify(what),
  });
  if (!response.ok) throw refusal(response);
  const { url } = await response.json();
  const address = new URL(url);
  address.protocol = location.protocol.replace("http", "ws"); // where the page came from, whatever the public name is:
  address.host = location.host; // the page's policy and the proxies on the way know that one
  return address.href;
}

/** In the socket's own words, so that there is one set of states. @param {Response} response */
function refusal({ status, headers }) {
  const retryAfter = Number(headers.get("Retry-After")) || undefined;
  if (status === 401) return new Refused("authentication_failed", "Signed out");
  if (status === 403) return new Refused("access_denied", "This page is out of date: reload it");
  if (status === 404) return new Refused("access_denied", "Call not found", { retryable: true, retryAfter });
  return new Refused("server_error", `The server answered ${status}`, { retryable: status === 429 || status >= 500, retryAfter });
}
