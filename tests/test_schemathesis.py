"""Schemathesis makes requests of docs/openapi.json, good and bad ones, and holds a real server's answers against it.

CALLBOARD_SCHEMATHESIS_EXAMPLES is how many it makes for each operation, besides those that the description implies.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import CommandLine, environment
from house import open_house
from models import sources

EXAMPLES = int(os.environ.get("CALLBOARD_SCHEMATHESIS_EXAMPLES", "4"))
PATIENCE_S = 300 + 10 * EXAMPLES  # on a busy machine; a quiet one takes a tenth of it
UNLIMITED = ("CALLBOARD_REQUESTS_PER_KEY", "CALLBOARD_FAILURES_PER_ADDRESS")
CONFIG = """
[parameters]
"path.endpoint" = "{endpoint}"

[checks]
# 422: a schema cannot say which assistants there are, nor of which century a time must be
positive_data_acceptance.expected-statuses = ["2xx", "304", "401", "403", "404", "409", "422"]

[[operations]]
include-path = "/webhooks/{{kind}}/{{endpoint}}"
checks.positive_data_acceptance.enabled = false  # what an event needs is Twilio's to say
"""


@pytest.mark.timeout(PATIENCE_S + 60)
def test_schemathesis_finds_nothing_that_is_not_described(sqlite_url: str, tmp_path: Path):
    key, endpoint = asyncio.run(furnished(sqlite_url))
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(endpoint=endpoint))
    line = CommandLine(sqlite_url)
    line.variables |= dict.fromkeys(UNLIMITED, "1000000")
    options = {
        "--phases": "examples,coverage,fuzzing",
        "--exclude-tag": "Preflight",  # what browsers ask before they send anything, bad or good
        "--max-examples": str(EXAMPLES),
        "--seed": "1",
        "--request-timeout": "30",
        "--generation-database": "none",
        "--suppress-health-check": "all",
    }
    with line.serving() as url:
        words = ["--config-file", str(config), "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {key}"]
        run = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *words, *(word for pair in options.items() for word in pair)],
            env=environment(PYTHONWARNINGS="default", NO_COLOR="1"),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert run.returncode == 0, run.stdout + run.stderr
    assert all(phase in run.stdout for phase in ("Examples", "Coverage", "Fuzzing")), run.stdout


async def furnished(database_url: str) -> tuple[str, str]:
    """A key for everything, and where a provider posts, unsigned; there is a call to ask for, too."""
    async with open_house(database_url) as house:
        await house.furnish()
        await house.say("CA0001", "u-1", "Is my bike ready?")
        create = (house.clock(), house.organization_id, 1, "twilio", None, None)
        return house.key, await house.store.write(sources.create, *create)
