"""The fuzzer itself, and every input that ever broke a law of it: each stays mended."""

import asyncio
import io
import sys
from pathlib import Path

import pytest

from tests.fuzz.campaign import CRASHES, Campaign, smaller
from tests.fuzz.target import Target, varied_by
from tests.fuzz.targets import TARGETS

KEPT = sorted(CRASHES.iterdir())


def brittle(data: bytes) -> str:
    assert b"!" not in data
    return str(len(data))


FRAGILE = Target([b"abc"], varied_by(lambda chance, data: data[-20:] + bytes([chance.randrange(30, 128)])), brittle)


def campaign(tmp_path: Path, seed: int = 1, **targets: Target) -> tuple[Campaign, io.StringIO]:
    out = io.StringIO()
    return Campaign(targets, seed, folder=tmp_path, out=out), out


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_an_input_that_once_broke_a_law_breaks_none_any_more(path):
    assert isinstance(TARGETS[path.name.rpartition("-")[0]].check(path.read_bytes()), str)


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_hundred_inputs_break_no_law_and_not_all_are_alike(name, tmp_path):
    run, out = campaign(tmp_path, **{name: TARGETS[name]})
    assert run.run(300, 60) == ""
    assert not run.crashes, out.getvalue()
    assert run.inputs >= 300 and len(run.runs[0].labels) > 1


def test_a_broken_law_is_kept_once_as_the_smallest_input_that_breaks_it(tmp_path):
    run, out = campaign(tmp_path, fragile=FRAGILE)
    run.run(3000, 60)
    run.say_summary("")
    (path,) = run.crashes
    assert path.parent == tmp_path and path.name.startswith("fragile-") and path.read_bytes() == b"!"
    assert run.runs[0].failed_inputs > 1
    assert f"CRASH fragile: {path.name}" in out.getvalue() and "1 crashes" in out.getvalue().splitlines()[-1]


def test_the_same_seed_makes_the_same_inputs(tmp_path):
    tried = {}
    for seed in (1, 1.0, 2):
        inputs = tried[type(seed), seed] = []
        watched = FRAGILE._replace(check=lambda data, inputs=inputs: inputs.append(data) or "")
        campaign(tmp_path, int(seed), watched=watched)[0].run(200, 60)
    first, again, other = tried.values()
    assert first == again != other


def test_a_campaign_ends_when_its_time_is_up(tmp_path):
    run, _ = campaign(tmp_path, fragile=FRAGILE._replace(check=lambda data: ""))
    assert run.run(10**9, 0.05) == "time is up after 0.05 s"
    assert run.inputs < 10**7


def test_an_interrupted_campaign_still_tells_what_it_did(tmp_path):
    def interrupt(data: bytes) -> str:
        if len(data) > 10:
            raise KeyboardInterrupt
        return ""

    run, out = campaign(tmp_path, fragile=FRAGILE._replace(check=interrupt))
    run.runs[0].known.append(b"0123456789")
    run.say_summary(run.run(10**6, 60))
    assert out.getvalue().splitlines()[-1].endswith("; interrupted")


def test_what_is_not_needed_to_fail_is_left_out():
    assert smaller(b"some!thing?longer", lambda data: b"!" in data and b"?" in data) == b"!?"
    assert smaller(b"", lambda data: True) == b""


async def test_the_command_says_its_seed_and_ends_well():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fuzz", "--inputs", "200", "--seed", "7", "--target", "next"),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert output.startswith(b"SEED=7\n") and output.splitlines()[-1].startswith(b"200 inputs in ")
