"""`make soak` for a minute, ended by Ctrl-C: it checks and tells what there is by then, as at its end."""

import asyncio
import os
import signal
import sys

import pytest

from command_line import HOME


@pytest.mark.timeout(600)
@pytest.mark.gen_test(timeout=590)
async def test_after_a_minute_of_coming_and_going_nothing_is_left_and_no_final_was_missed():
    soak = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak", "--hours", "0.1", "--seed", "1"),
        cwd=HOME,
        env=os.environ | {"PYTHONPATH": "tests"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        told = ""
        while "\n1 of 6 minutes" not in told:
            line = (await soak.stdout.readline()).decode()
            assert line, told
            told += line
        soak.send_signal(signal.SIGINT)
        told += (await soak.stdout.read()).decode()
        assert await soak.wait() == 0 and "no viewer missed a final" in told, told
    finally:
        if soak.returncode is None:
            soak.terminate()
            await soak.wait()
