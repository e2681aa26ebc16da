"""What the pages cost the browser that shows them, on a busy day: `make bench-pages`.

Starts a server of its own with a new SQLite database, and a headless Chromium. The wall shows CALLS calls, and each
message of its feed changes all of them; the call's page has SEGMENTS segments, is tried by its first keys, and then
gets FINALS more with three interims before each, an hour's worth. Messages are as the server sends them and handed to
the page's own socket as fast as it takes them, in each frame one, or of the call a burst, so that an hour passes in a
minute; meanwhile a key is typed now and then. The page tells, in ms: what took the main thread over 50 ms at a time
(long tasks), how long it took from messages or a key until the next frame was painted, and how far things jumped by
themselves (layout shift, 0.1 is good). Main thread is the processor's time that it used, which a busy machine changes
little; the machine's load stands beside it. Memory is the JavaScript heap after a collection, MiB.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

from memory import serving
from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))

from events import SECOND, rfc3339  # noqa: E402

OPEN_MS = 120_000  # a page that takes longer is not measured
FEED_S = 60  # so long each page is fed, and told how many messages that were
BURST = 8  # messages of a call in a frame
OPENED = """[
  performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
]"""
START = """
window.bench = {tasks: [], shift: 0, keys: []};
new PerformanceObserver(list => list.getEntries().forEach(({duration}) => bench.tasks.push(duration)))
  .observe({type: "longtask", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(({value, hadRecentInput}) => {
  if (!hadRecentInput) bench.shift += value;
})).observe({type: "layout-shift", buffered: true});
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...given) { super(...given); bench.socket = this; }
};
const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
bench.feed = async (messages, times, done, burst, segments) => {
  for (let n = done; n < done + times; n += burst) {
    const began = performance.now();
    for (let one = n; one < n + burst; one++) {
      const round = Math.floor(one / messages.length);
      const text = messages[one % messages.length].replaceAll("ROUND", round);
      const at = {SEQ: segments + round + 1, START: 3 * (segments + round), END: 3 * (segments + round) + 2};
      bench.socket.onmessage({data: text.replace(/"(SEQ|START|END)"/g, (_, name) => at[name])});
    }
    await painted();
    bench.frames.push(performance.now() - began);
  }
};
bench.frames = [];
addEventListener("keydown", async ({timeStamp}) => {
  await painted();
  bench.keys.push(performance.now() - timeStamp);
}, {capture: true});
"""


class Watched:
    """One page, and the figures that it tells."""

    def __init__(self, page: Page, name: str):
        self.page, self.name = page, name

    async def open(self, url: str, item: str, count: int) -> None:
        self.devtools = await self.page.context.new_cdp_session(self.page)
        await self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        await self.page.goto(url, wait_until="domcontentloaded", timeout=OPEN_MS)
        complete = (
            f"document.querySelector('[data-tone=live]') && document.querySelectorAll('{item}').length >= {count}"
        )
        await self.page.wait_for_function(complete, polling=100, timeout=OPEN_MS)
        self.paint_ms, self.opened_ms = await self.page.evaluate(OPENED)
        self.opening_tasks = await self.page.evaluate("bench.tasks.splice(0)")
        self.opening_shift = await self.page.evaluate("bench.shift")
        self.opening_cpu_ms = await self.cpu_ms()
        self.first_keys: list[tuple[str, float]] = []
        self.before_mib, self.before_nodes = await self.heap_mib(), await self.nodes()

    async def heap_mib(self) -> float:
        await self.devtools.send("HeapProfiler.collectGarbage")
        return (await self.devtools.send("Runtime.getHeapUsage"))["usedSize"] / 2**20

    async def cpu_ms(self) -> float:
        """What its main thread has used of the processor since it was opened."""
        metrics = (await self.devtools.send("Performance.getMetrics"))["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1000

    async def nodes(self) -> int:
        return await self.page.evaluate("document.querySelectorAll('*').length")

    async def type(self, keys: list[str]) -> None:
        """Each once, and the time until it is painted."""
        for key in keys:
            await self.page.evaluate("bench.keys = []")
            await self.page.keyboard.press(key)
            await self.page.wait_for_function("bench.keys.length", polling=50)
            self.first_keys.append((key, await self.page.evaluate("bench.keys[0]")))
        await self.page.evaluate("bench.keys = []; bench.tasks = []")

    async def feed(self, messages: list[dict], times: int, keys: list[str], burst: int = 1, segments: int = 0) -> None:
        """`times` messages, with each key typed now and then; fewer where that takes longer than FEED_S."""
        stop = time.monotonic() + FEED_S
        texts = [json.dumps(message) for message in messages]
        await self.page.evaluate("bench.shift = 0")
        each, done = max(1, times // (8 * len(keys) * burst)) * burst, 0
        while done < times and time.monotonic() < stop:
            given = [texts, min(each, times - done), done, burst, segments]
            fed = asyncio.ensure_future(self.page.evaluate("given => bench.feed(...given)", given))
            await self.page.keyboard.press(keys[done // each % len(keys)])
            await fed
            done += each
        self.fed = min(done, times)

    async def report(self) -> None:
        told = await self.page.evaluate("({...bench, socket: null})")
        frames, tasks, keys = told["frames"], told["tasks"], told["keys"]
        print(f"\n{self.name} (load of the machine {os.getloadavg()[0]:.1f})")
        opened = f"first paint {self.paint_ms:.0f} ms, in use {self.opened_ms:.0f} ms"
        print(f"  {opened}, main thread {self.opening_cpu_ms:.0f} ms")
        print(f"  opening: {summed(self.opening_tasks)}, layout shift {self.opening_shift:.3f}")
        if self.first_keys:
            print("  first keys: " + ", ".join(f"{key} {ms:.0f}" for key, ms in self.first_keys) + " ms")
        print(f"  message to paint   {spread(frames)}   ({self.fed:,} messages in {len(frames):,} frames)")
        print(f"  key to paint       {spread(keys)}   ({len(keys)} keys)")
        print(f"  meanwhile: {summed(tasks)}, layout shift {told['shift']:.3f}")
        print(f"  heap {self.before_mib:.1f} MiB before, {await self.heap_mib():.1f} after")
        print(f"  elements {self.before_nodes:,} before, {await self.nodes():,} after")


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    at = {share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99, 1)}
    return f"p50 {at[0.5]:6.1f}  p99 {at[0.99]:6.1f}  most {at[1]:6.1f} ms"


def summed(tasks: list[float]) -> str:
    return f"{len(tasks)} long tasks" + (f", {max(tasks):.0f} ms the longest" if tasks else "")


def said(segment: str, content: str, *, is_final: bool, speaker: str = "user", start: float | None = None) -> dict:
    times = {"segment_start": start, "segment_end": start + 2 if start is not None else None}
    words = {"segment_id": segment, "content": content, "speaker": speaker, "is_final": is_final, "revision": None}
    return words | times | {"confidence": 0.9, "created_at": None, "language": None}


def rows(calls: int, round_: int) -> dict:
    """A message of the feed that changes all calls."""
    now = int(time.time() * SECOND)

    def row(n: int) -> dict:
        unknown = dict.fromkeys(("ended_at", "to_phone_number", "reason", "assistant_id"))
        facts = {"assistant_name": f"Desk {n % 5}", "call_type": "inbound", "customer_phone_number": f"+1555{n:04}"}
        facts |= {"started_at": rfc3339(now - n * SECOND), "duration": n}
        last = said("s", f"ROUND {round_}: these are the words of {n}, and some more of them", is_final=n % 3 == 0)
        shown = {"call_sid": f"CA{n}", "status": "in-progress", "metadata": unknown | facts, "last": last}
        alerts = [{"rule": "Refund", "rule_id": 1, "count": 1, "last_at": rfc3339(now)}] if n % 10 == 0 else []
        return shown | {"segments": round_, "viewers": n % 2, "alerts": alerts}

    return {"type": "calls_updated", "timestamp": rfc3339(now), "calls": [row(n) for n in range(calls)]}


def spoken() -> list[dict]:
    """A segment of a call as it comes: three interims, then the final, which stands for ever. `bench.feed` puts numbers
    for the words in capitals."""
    message = {"type": "transcript", "call_sid": "CA0", "timestamp": rfc3339(int(time.time() * SECOND))}
    message["replayed"] = False
    times = {"segment_start": "START", "segment_end": "END"}
    texts = ["some words", "some words more", "some words more of it"]
    interims = [message | {"data": said("new-ROUND", text, is_final=False) | times} for text in texts]
    return [*interims, message | {"seq": "SEQ", "data": said("new-ROUND", "all of it", is_final=True) | times}]


async def produced(served, calls: int, segments: int) -> None:
    """CA0 has `segments` of them, every other call one."""
    async with served.connected("/ingest") as producer:
        every = [(f"CA{n}", "s") for n in range(1, calls)] + [("CA0", f"s{n}") for n in range(segments)]

        async def acknowledged() -> None:
            for _ in every:
                assert json.loads(await producer.recv())["type"] == "ack"

        acks = asyncio.ensure_future(acknowledged())
        for n, (call, segment) in enumerate(every):
            words = said(segment, f"These are the words number {n} of this call, and some more of them.", is_final=True,
                         speaker=("user", "assistant")[n % 2], start=n * 3.0)  # fmt: skip
            await producer.send(json.dumps({"type": "transcript", "id": str(n), "call_sid": call, "data": words}))
        await acks


@contextlib.asynccontextmanager
async def browsed(url: str, password: str):
    """A signed-in page of a new browser."""
    async with async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=True)
        await page.add_init_script(START)
        await page.goto(url + "/sign-in")
        await page.fill("input[name=email]", "bench@example.com")
        await page.fill("input[name=password]", password)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_selector(".masthead-nav")
        yield page
        await browser.close()


async def measure(served, options: argparse.Namespace) -> None:
    await produced(served, options.calls, options.segments)
    async with browsed(served.url, served.password) as page:
        wall = Watched(page, f"The wall, {options.calls} calls, all changed by each message")
        await wall.open(served.url + "/", ".call-row", options.calls)
        await wall.feed([rows(options.calls, n) for n in range(4)], options.ticks, ["j", "j", "k", "ArrowDown"])
        await wall.report()
    async with browsed(served.url, served.password) as page:
        call = Watched(page, f"A call's page, {options.segments:,} segments")
        await call.open(served.url + "/calls/CA0", "li.segment", options.segments)
        await call.type(["Tab", "End", "PageUp", "/", "w", "o", "Enter", "Escape", "End"])
        hour = {"burst": BURST, "segments": options.segments}
        await call.feed(spoken(), 4 * options.finals, ["PageUp", "PageUp", "End", "Tab"], **hour)
        await call.report()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--ticks", type=int, default=1_200, help="messages of the feed; an hour has 7,200")
    parser.add_argument("--segments", type=int, default=5_000)
    parser.add_argument("--finals", type=int, default=3_600, help="that the call gets, an hour's worth")
    options = parser.parse_args()
    with serving() as served:
        asyncio.run(measure(served, options))


if __name__ == "__main__":
    main()
