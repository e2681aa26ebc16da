/** How a page's address says which call is open beside the list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { besideOf, withBeside } from "../../static/js/wall_beside.js";

test("the address keeps the filters and names one call, or none", () => {
  assert.equal(withBeside("?direction=inbound", "CA 1"), "?direction=inbound&call=CA+1");
  assert.equal(withBeside("?call=CA1&q=x", "CA2"), "?q=x&call=CA2");
  assert.equal(withBeside("?call=CA1", null), "");
  assert.deepEqual(["?q=x&call=CA2", "?call=", "?q=x"].map(besideOf), ["CA2", null, null]);
});
