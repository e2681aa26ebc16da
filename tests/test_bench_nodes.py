"""`make bench-nodes`, as short as it can be: it measures real nodes, and prints its table."""

import asyncio
import json
import shutil
import sys

import pytest

from command_line import HOME, environment


async def test_a_hop_between_two_nodes_is_measured(postgres_url, redis_url, tmp_path):
    if shutil.which("cc") is None or shutil.which("haproxy", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("no C compiler, or no HAProxy")
    results = tmp_path / "nodes.json"
    words = ("--work", "hops", "--rounds", "1", "--seconds", "0.5", "--results", str(results))
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HOME / "bench" / "nodes.py"), *words),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()
    figures = json.loads(results.read_text())["hops"]
    assert set(figures) == {f"{kind} {where}" for kind in ("interim", "final") for where in ("here", "elsewhere")}
    assert all(0 < run["p50_ms"] <= run["p99_ms"] for runs in figures.values() for run in runs)
    assert "| final |" in told.decode()
