"""The timeline of a call by hand (timeline_cases.json; tests/js/call_timeline.test.mjs has the same), and of generated
calls as the page draws it."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from events import SECOND, Call
from handlers.call_timeline import CallTimeline
from handlers.timeline_layout import UNITS, axis_end
from models.entries import Spoken
from models.notes import Note
from rules.alert import Alert

CASES = json.loads((Path(__file__).parent / "timeline_cases.json").read_text())
READER = Path(__file__).parent / "js" / "timelines.mjs"
ANSWERED = 1_770_000_000_000_000
AT = {"created_at": ANSWERED, "updated_at": ANSWERED}


def call(lasted: float | None, is_over: bool) -> Call:
    known = dict.fromkeys(set(Call.__struct_fields__) - {"duration"})
    known |= {"id": 1, "assistant_name": "Front desk", "status": "completed" if is_over else "in-progress"}
    known["started_at"] = None if lasted is None and not is_over else ANSWERED
    return Call(**known, duration=lasted if is_over else None)


def timeline(said, lasted, is_over, alerts=(), notes=()) -> dict:
    found = CallTimeline(
        call(lasted, is_over),
        [
            Spoken(n, id_, {"u": "user", "a": "assistant"}[who], *times, True)
            for n, (who, *times, id_) in enumerate(said)
        ],
        [
            Alert(id=n, rule_id=1, rule=rule, segment_id=id_, seq=n, spans=None, at=ANSWERED + round(at * SECOND))
            for n, (rule, id_, at) in enumerate(alerts)
        ],
        [
            Note(id=n, user_id=1, author="ada@example.com", segment_id=id_, at_seconds=at, text=text, **AT)
            for n, (text, id_, at) in enumerate(notes)
        ],
        ANSWERED + round((lasted or 0) * SECOND),
    )
    names = ("end", "now", "is_empty", "is_untimed", "ticks", "paths", "marks", "facts")
    return json.loads(json.dumps({name: getattr(found, name) for name in names}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_by_hand(case):
    found = timeline(**{name: case[name] for name in case.keys() - {"name", "expected"}})
    assert {name: found[name] for name in case["expected"]} == case["expected"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_draws_and_tells_the_same():
    """A few hundred calls, of every kind of time that a producer may send, in one process of node."""
    chance, calls = random.Random(20260119), [case | {"name": 0, "expected": 0} for case in CASES]
    for n in range(300):
        within = 10 ** chance.randint(0, 5)
        said = [
            (*_moment(chance, within, 0.05 if n % 5 == 0 else 0), f"s{at}")
            for at in range(chance.randrange(n % 60 + 1))
        ]
        of = [chance.choice([None, f"s{chance.randrange(50)}"]) for _ in range(chance.randrange(30))]
        moments = [round(chance.uniform(-0.1, 1.2) * within, 3) for _ in of]
        told = {
            "alerts": [[f"Rule {at % 3}", id_, at] for id_, at in zip(of, moments, strict=True)],
            "notes": [
                ["a long note, " * (n % 9), id_, chance.choice([None, at])] for id_, at in zip(of, moments, strict=True)
            ],
        }
        is_over = chance.random() < 0.5
        calls.append({"said": said, "lasted": chance.randrange(within + 1), "is_over": is_over} | told)
    told = subprocess.run(["node", READER], input=json.dumps(calls), capture_output=True, text=True, check=True)
    for one, found in zip(calls, json.loads(told.stdout), strict=True):
        assert found == timeline(**{name: one[name] for name in one.keys() - {"name", "expected"}}), one


def test_a_call_that_grows_soon_fills_two_thirds_of_its_drawing():
    for seconds in range(60, 86_400, 7):
        assert seconds * 1000 < axis_end(seconds * 1000, is_over=False) <= seconds * 1500


def test_a_long_call_is_drawn_of_few_boxes():
    said = [("ua"[n % 2], n * 3.0, n * 3.0 + 1.2, f"s{n}") for n in range(5000)]
    found = timeline(said, 15_000, True, [("Refund", f"s{n}", 0) for n in range(5000)])
    assert all(path.count("M") <= UNITS / 2 for path in found["paths"].values())
    assert len(found["marks"]) <= 100 and len(found["facts"][-1][1]) == 21
    assert found["facts"][-1][1][-1] == ["and 4980 more", None]


def _moment(chance: random.Random, within: int, unknown: float) -> tuple:
    start = round(chance.uniform(-0.1, 1) * within, chance.choice([0, 1, 4]))
    end = round(start + chance.choice([-0.01, 0, 1, 1, 30]) * chance.uniform(0, 5), 2)
    return (chance.choice("ua"), *(None if chance.random() < unknown else time for time in (start, end)))
