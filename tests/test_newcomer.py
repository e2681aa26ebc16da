"""The first minute: an empty folder, one word, and calls on the wall that nobody had to make."""

import asyncio
import re
import signal
from pathlib import Path

import pytest

from browser import chromium, new_page
from command_line import CommandLine, complaints, finish

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


async def test_a_newcomer_goes_from_an_empty_folder_to_calls_on_the_wall_and_ends_the_demo(tmp_path: Path):
    line = CommandLine(f"sqlite:///{tmp_path}/board.db")
    process = line.start("run", "--port", "0", "--log-level", "warning")
    try:
        told = []
        while not told or not told[-1].startswith("Callboard is on "):
            told.append((await asyncio.to_thread(process.stdout.readline)).decode().strip())
        url = told[-1].removeprefix("Callboard is on ")
        email, password = (re.search(rf"{name} +(\S+)", "\n".join(told))[1] for name in ("e-mail", "password"))
        async with new_page() as page:
            await page.goto(url)
            await page.fill("input[name=email]", email)
            await page.fill("input[name=password]", password)
            await page.click("button[type=submit]")
            row = page.locator("tbody tr:has-text('(demo)')").first
            await row.wait_for()
            await page.goto(url + await row.locator("a").first.get_attribute("href"))
            await page.wait_for_selector(".segments .segment-words:not(:empty)")
            await page.goto(url)
            await page.click("button:has-text('Stop and erase the demo')")
            await page.wait_for_selector("text=No call yet")
    finally:
        process.send_signal(signal.SIGTERM)
        outcome = await asyncio.to_thread(finish, process)
    assert (outcome.status, complaints(outcome.err)) == (0, [])
