/** How the wall names sources in trouble. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { troubleInWords } from "../../static/js/wall_sources.js";
import { at, rfc3339 } from "./wall_calls.mjs";

test("a source in trouble is named with its assistant, and since when", () => {
  const said = (state) => troubleInWords({ id: 1, name: "Twilio", assistant: "Front desk", state, since: rfc3339(0), calls: [] }, at(120));
  assert.equal(said("silent"), "Twilio for Front desk is silent: the last event came 2 min ago");
  assert.equal(said("refusing"), "What Twilio for Front desk sends is refused, last 2 min ago");
  assert.equal(said("paused"), "Twilio for Front desk is paused: what it sends is refused");
});
