"""README.md is true of the code."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from patience import PATIENCE_S
from settings import FIELDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def settings_table() -> str:
    rows = ["| flag | variable | default | meaning |", "|---|---|---|---|"]
    for field in FIELDS:
        default = f"`{field.default}`" if field.default else ""
        rows.append(f"| `{field.flag}` | `{field.variable}` | {default} | {field.help} |")
    return "\n".join(rows)


def test_the_settings_table_is_that_of_the_settings():
    table = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- /settings -->", README, re.DOTALL).group(1)
    assert table == settings_table()


def test_the_map_names_what_is_there():
    named = re.findall(r"^([a-z_]+(?:\.py|/))", README.split("## The map")[1], re.MULTILINE)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target


async def test_the_first_call_is_sent_as_it_is_printed(house):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (block,) = [block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "curl" in block]
    script = block.replace("the key that was printed", house.key).replace("http://localhost:8000", house.url)
    running = await asyncio.create_subprocess_exec("sh", "-c", script, stdout=subprocess.PIPE)
    async with asyncio.timeout(PATIENCE_S):
        answer, _ = await running.communicate()
    assert json.loads(answer)["accepted"][0]["seq"] == 1
    (said,) = await house.get("/api/v1/calls/sid/CA0001/transcripts")
    assert said["content"] == "Is my bike ready?"
