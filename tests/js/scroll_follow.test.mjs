/** When to stay at the end, and when to leave the reader alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FollowRule } from "../../static/js/scroll_follow.js";

const at = (top, height = 2000) => ({ top, viewport: 600, height });

test("going up by more than 80 px stops it, and what comes then is counted", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.scrolled(at(1319));
  rule.grew(1);
  rule.grew(3);
  assert.deepEqual([rule.isFollowing, rule.missed], [false, 4]);
});

test("within 80 px of the end is at the end", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.scrolled(at(1320));
  rule.grew(2);
  assert.deepEqual([rule.isFollowing, rule.missed], [true, 0]);
});

test("what grows moves the end away, but doesn't stop it", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.scrolled(at(1400, 2300));
  assert.ok(rule.isFollowing);
});

test("only going back to the end starts it again, not going down a little", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.scrolled(at(500));
  rule.grew(5);
  rule.scrolled(at(900));
  assert.ok(!rule.isFollowing);
  rule.scrolled(at(1330));
  assert.deepEqual([rule.isFollowing, rule.missed], [true, 0]);
});

test("selecting text stops it, asking for the latest starts it", () => {
  const rule = new FollowRule(true);
  rule.pause();
  rule.grew(1);
  assert.deepEqual([rule.isFollowing, rule.missed], [false, 1]);
  rule.resume();
  assert.deepEqual([rule.isFollowing, rule.missed], [true, 0]);
});
