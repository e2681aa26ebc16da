/** What the page of a call makes of its notes, without a screen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { named } from "../../static/js/company.js";
import { label, Notes, NotTaken } from "../../static/js/notes.js";
import { seconds } from "../../static/js/notes_panel.js";
import { segmentOf } from "../../static/js/permalink.js";
import { firstBelow } from "../../static/js/reading_place.js";

const note = (id, segment_id = null, text = "") => ({ id, segment_id, at_seconds: null, text, author: "ada", created_at: "", is_mine: true });

/** A server that has these notes; `asked` is what it was asked. */
function server(list) {
  const asked = [];
  const fetch = async (path, { method, headers, body }) => {
    asked.push([method, path, body && JSON.parse(body)]);
    assert.equal(headers["X-XSRFToken"], "token");
    if (method === "DELETE") return { ok: true, status: 204 };
    return { ok: true, status: 200, json: async () => (method === "GET" ? [...list] : note(9)) };
  };
  return { asked, notes: new Notes({ path: "/notes", xsrfToken: "token", fetch }) };
}

test("notes are read again once for each version", async () => {
  const { notes, asked } = server([note(1)]);
  const changed = new Promise((resolve) => notes.addEventListener("notes-changed", resolve));
  notes.heard(5);
  notes.heard(5);
  await changed;
  assert.deepEqual(notes.list, [note(1)]);
  notes.heard(6);
  assert.deepEqual(asked, [["GET", "/notes", undefined], ["GET", "/notes", undefined]]);
});

test("what is written, changed or removed is read back", async () => {
  const { notes, asked } = server([]);
  await notes.add({ segment_id: "s1", text: "Check" });
  await notes.change(9, "Checked");
  await notes.remove(9);
  assert.deepEqual(asked.filter(([method]) => method !== "GET"), [
    ["POST", "/notes", { segment_id: "s1", text: "Check" }],
    ["PUT", "/notes/9", { text: "Checked" }],
    ["DELETE", "/notes/9", undefined],
  ]);
  assert.equal(asked.length, 6);
});

test("a refusal is said in the server's words, a missing server in ours", async () => {
  const says = (answer) => new Notes({ path: "/notes", xsrfToken: "", fetch: async () => answer() });
  const refused = () => ({ ok: false, status: 422, json: async () => ({ error: { message: "Too long." } }) });
  await assert.rejects(says(refused).add({}), new NotTaken("Too long."));
  await assert.rejects(says(() => ({ ok: false, status: 401 })).add({}), /signed out/);
  await assert.rejects(says(() => Promise.reject(new TypeError("x"))).add({}), /cannot be reached/);
  await assert.rejects(says(() => ({ ok: false, status: 502, json: async () => JSON.parse("<") })).add({}), /502/);
});

test("an answer that comes late does not bring back what was", async () => {
  const answers = [];
  const fetch = () => new Promise((resolve) => answers.push((list) => resolve({ ok: true, status: 200, json: async () => list })));
  const notes = new Notes({ path: "/notes", xsrfToken: "", fetch });
  const reads = [notes.refresh(), notes.refresh()];
  answers[1]([note(2)]);
  answers[0]([note(1)]);
  await Promise.all(reads);
  assert.deepEqual(notes.list, [note(2)]);
  const late = notes.refresh();
  notes.clear();
  answers[2]([note(3)]);
  await late;
  assert.deepEqual(notes.list, []);
});

test("a segment's label counts what it has", () => {
  assert.equal(label([note(1)]), "Mark");
  assert.equal(label([note(1, null, "x")]), "Note");
  assert.equal(label([note(1), note(2, null, "x")]), "2 notes");
  assert.equal(label([note(1), note(2)]), "2 marks");
});

test("notes by segment leave out those about none", () => {
  const notes = new Notes({ path: "", xsrfToken: "", list: [note(1, "a"), note(2), note(3, "a")], fetch: async () => {} });
  assert.deepEqual([...notes.bySegment].map(([id, some]) => [id, some.map((one) => one.id)]), [["a", [1, 3]]]);
});

test("who watches is named once, and oneself is pointed out", () => {
  const faces = ["ada", "ada", "sue"].map((name) => ({ name, via: "page" }));
  assert.deepEqual(named(faces, "sue"), ["ada ×2", "sue (you)"]);
});

test("moments, links and lines are read", () => {
  assert.deepEqual(["", "1:05", "1:02:31"].map(seconds), [null, 65, 3751]);
  assert.deepEqual(["#seg-s%201", "#seg-%", "#note-1", ""].map(segmentOf), ["s 1", "%", null, null]);
  const bottoms = [10, 20, 30];
  assert.deepEqual([0, 10, 29, 30].map((line) => firstBelow(3, line, (at) => bottoms[at])), [0, 1, 2, 3]);
});
