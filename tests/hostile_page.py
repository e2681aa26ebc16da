"""A page with tripwires: it fails the test where a text was taken for more than text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from playwright.async_api import Page

from browser import new_page

_TRIPWIRES = """
globalThis.trips = [];
globalThis.tripped = (what) => globalThis.trips.push(String(what));
addEventListener("securitypolicyviolation", ({ violatedDirective }) => trips.push(violatedDirective));
addEventListener("error", ({ message }) => trips.push(message));
"""
# Whether the characters of `words`, wherever they stand below `root`, are drawn in the order in which they are read.
_READS_FORWARD = """([root, words]) => {
  const walker = document.createTreeWalker(document.querySelector(root), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const at = text.data.lastIndexOf(words);
    if (at < 0) continue;
    const lefts = [...words].map((_, i) => {
      range.setStart(text, at + i);
      range.setEnd(text, at + i + 1);
      return range.getBoundingClientRect().left;
    });
    return lefts.every((left, i) => i === 0 || left >= lefts[i - 1]);
  }
  throw new Error(`no ${words} in ${root}`);
}"""


@asynccontextmanager
async def wired_page(url: str, **options) -> AsyncIterator[Page]:
    """A page of a new browser that may ask nothing of any other host than `url`'s, show no dialog, and run no script
    but Callboard's."""
    async with new_page(**options) as page:
        faults: list[str] = []
        own = urlsplit(url).netloc

        async def dismiss(dialog) -> None:
            faults.append(f"dialog: {dialog.message}")
            await dialog.dismiss()

        def note(request) -> None:
            if urlsplit(request.url).netloc not in (own, ""):
                faults.append(f"request: {request.url}")

        page.on("dialog", dismiss)
        page.on("request", note)
        await page.add_init_script(_TRIPWIRES)
        yield page
        assert faults == [], faults
        await assert_nothing_tripped(page)


async def assert_nothing_tripped(page: Page) -> None:
    assert await page.evaluate("globalThis.trips") == []


async def assert_fits(page: Page, *widths: int) -> None:
    """At no width can the page be scrolled sideways, or does anything stand where nobody can read it."""
    for width in widths or (320, 1600):
        await page.set_viewport_size({"width": width, "height": 900})
        found = await page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
        assert max(found) <= width, (page.url, width, found)


async def reads_forward(page: Page, root: str, words: str) -> bool:
    return await page.evaluate(_READS_FORWARD, [root, words])
