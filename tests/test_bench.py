"""The benchmark: that it counts everything, compares within a round, and shows what came of it."""

import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"
sys.path.append(str(BENCH))

import picture  # noqa: E402
import profiling  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402
from contenders import BUILT, SERVERS, build  # noqa: E402
from workloads import MANY, WORKS, Contender, Work  # noqa: E402


@pytest.fixture
def results() -> dict:
    """As of a machine on which everyone takes 2 of everything, and ours 1."""
    works = {
        work.name: {
            contender.name: [
                dict.fromkeys(table.SHOWN, 1.0 if contender.server == "ours" else 2.0) | {"load_busy": 0.1}
            ]
            for contender in work.contenders
        }
        for work in WORKS.values()
    }
    return {"works": works, "machine": "a machine", "python": "3.11", "left_out": []}


@pytest.fixture(scope="module")
def built() -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    build()


def test_every_row_of_the_table_has_runs_behind_it(results: dict):
    values = [row.value(results["works"]) for row in table.ROWS]
    assert len(values) == len([v for v in values if v is not None]) > 20
    assert {row.work for row in table.ROWS} == set(WORKS)


def test_a_ratio_is_taken_within_each_round():
    rounds = {"a": [{"µs": 10.0}, {"µs": 90.0}, {"µs": 40.0}], "b": [{"µs": 5.0}, {"µs": 30.0}, None]}
    assert table.ratio("fanout", "a", "b", "µs")({"fanout": rounds}) == 2.5
    assert table.ratio("fanout", "a", "c", "µs")({"fanout": rounds}) is None


@pytest.mark.parametrize(("value", "bound", "is_met"), [(1.4, "≤ 1.4", True), (1.5, "≤ 1.4", False), (2, "≥ 3", False)])
def test_a_bound_is_met_or_missed(value: float, bound: str, is_met: bool):
    assert table.meets(value, bound) is is_met


def test_the_table_says_what_was_left_out_and_where_the_load_was_too_busy(results: dict):
    results["left_out"] = ["Node ws"]
    results["works"]["fanout"]["floor"][0]["load_busy"] = 0.95
    text = table.rendered(results, ["fanout"])
    assert "Left out, not installed: Node ws" in text
    assert [line.split("|")[1].strip() for line in text.splitlines() if "(!)" in line] == ["floor (C: one send() each)"]


def test_a_run_that_failed_is_shown_as_such(results: dict):
    results["works"]["fanout"]["node"] = [None]
    assert "| node | failed |" in table.rendered(results, ["fanout"])


def test_the_picture_has_a_bar_for_everyone_who_ran(results: dict):
    del results["works"]["fanout"]["node"]
    bars = ElementTree.fromstring(picture.drawn(results)).findall("{*}rect")
    assert len(bars) == sum(len(panel.bars) for panel in picture.PANELS) - 1
    assert len({bar.get("width") for bar in bars if bar.get("class") == "bar ours"}) == 1


@pytest.mark.parametrize("server", ["floor", "ours"])
def test_what_is_published_in_the_process_reaches_every_viewer(built: None, server: str):
    work = Work("small", "5 calls × 3 viewers", "publish", 5, 3, "us_per_message", (), environment={"TICKS": "20"})
    figures = run.measure(work, Contender(server, server), 0.2)
    assert figures["us_per_event"] == pytest.approx(3 * figures["us_per_message"])
    assert figures["events_per_s"] > 0


@pytest.mark.flaky(reruns=4)  # a run fails where the machine is so busy that a history comes after 0.6 s of quiet
@pytest.mark.parametrize("way", ["socket", "post"])
def test_finals_that_are_fed_reach_every_viewer(built: None, way: str):
    load = ("-x", way, "-c", "2", "-w", "1", "-f", "final")
    work = Work("small", "5 calls × 3 viewers", "feed", 5, 3, "us_per_event", (), load)
    figures = run.measure(work, Contender("ours"), 0.2)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]


@pytest.mark.parametrize("kind, unit, ours", [("open", "us_per_viewer", "models/"), ("feed", "memory_mib", "hub/")])
def test_where_the_time_goes_is_told_of_any_work_of_a_server(built: None, capsys, kind: str, unit: str, ours: str):
    work = Work("small", "1 call × 20 viewers", kind, 1, 20, unit, (), ("-x", "socket"), {"HISTORY": "500"} | MANY)
    profiling.profile(work, Contender("ours"), 2)
    told = capsys.readouterr().out
    assert f"µs of CPU per {'viewer who comes' if kind == 'open' else 'event'} (" in told
    assert ours in told and told.count("| share |") == 3


def test_a_run_whose_messages_nobody_takes_fails(built: None):
    load = ("-x", "socket", "-f", "final", "-k", "cb_wrong")
    with pytest.raises(run.Failed, match="not let in"):
        run.measure(Work("small", "", "feed", 1, 0, "us_per_event", (), load), Contender("ours"), 0.2)


def test_everything_made_is_beside_the_sources():
    """So that git ignores it, and no peer comes among what Callboard needs."""
    made = [BUILT, *(server.needs for server in SERVERS.values() if server.name != "Callboard")]
    assert all(path.is_relative_to(BENCH.parent / "build") for path in made)
