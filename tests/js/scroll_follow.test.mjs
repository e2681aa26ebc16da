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

test("content that shrinks brings the end near, but that is not the reader's going back", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.scrolled(at(900));
  rule.scrolled(at(850, 1500));
  assert.ok(!rule.isFollowing);
});

test("a wheel that turns away stops it at once; within the end's reach it has not left when it stands still", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.leaving();
  rule.settled(at(1400)); // of an earlier scroll
  assert.ok(!rule.isFollowing);
  rule.scrolled(at(1350));
  rule.settled(at(1350));
  assert.ok(rule.isFollowing);
  rule.leaving();
  rule.scrolled(at(1200));
  rule.settled(at(1200));
  assert.ok(!rule.isFollowing);
});

test("being led to a place near the end is no going back to it", () => {
  const rule = new FollowRule(true);
  rule.scrolled(at(1400));
  rule.pause();
  rule.scrolled(at(300));
  rule.led(at(1390));
  rule.scrolled(at(1390));
  assert.ok(!rule.isFollowing);
});
