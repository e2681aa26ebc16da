"""The five formats, read back by parsers that are not ours: nothing said becomes a tag, a time, a row or a formula."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exported import BEGAN, SECOND, SPEAKERS, a_call, an_entry, csv_rows, srt_cues, vtt_cues, written
from exports import FORMATS, file_name
from exports.plain import LAST_S, one_line
from exports.subrip import JOINER
from hostile_texts import CONTENTS

FORMULAS = (
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\ufeff=1",
        "\u200b=1",
        "＝1",
        "＋1",
        "－1",
        "＠A1",
    ),
    *('=HYPERLINK("http://elsewhere.example.com")', "\u00ad=1", "a;=1", 'a"; =1;"', "\u202e=1"),
)
A_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
hostile = st.sampled_from([*(text for text in CONTENTS.values() if len(text) < 5000), *FORMULAS, "-->", "\n\n", "1\n"])
texts = hostile | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
seconds = st.none() | st.floats(0, 1e308) | st.floats(0, 20) | st.just(1.0)


@st.composite
def conversations(draw):
    """In speaking order, as entries.spoken has them: starts never go back."""
    starts = iter(sorted(draw(st.lists(st.floats(0, 1e308) | st.floats(0, 30), min_size=8, max_size=8))))
    found = []
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        start = draw(st.sampled_from([None, next(starts)]))
        made_at = BEGAN + draw(st.integers(-100, 100)) * SECOND
        found.append(
            an_entry(
                seq, draw(texts), start, draw(seconds), speaker=draw(st.sampled_from(SPEAKERS)), created_at=made_at
            )
        )
    return found


@given(conversations(), texts)
def test_every_format_has_exactly_the_segments_whatever_is_said_and_whoever_says_it(entries, name):
    call = a_call(assistant_name=name, from_number=name, end_reason=name)
    names = {"user": "Customer", "assistant": one_line(name) or "Assistant"}
    lines = [(names[e.transcript.speaker], one_line(e.transcript.content)) for e in entries]
    text, table = written("txt", entries, call), csv_rows(written("csv", entries, call))
    vtt, srt = vtt_cues(written("vtt", entries, call)), srt_cues(written("srt", entries, call))
    assert [(voice.strip(), words) for _, _, voice, words in vtt] == lines
    shown = [words.replace(JOINER, "").strip() for _, _, words in srt]
    assert shown == [f"{who}: {said}".replace(JOINER, "").strip() for who, said in lines]
    head, _, body = text.partition("\n\n")
    assert head.startswith("Call: CA1\n")
    told = [re.sub(r"\A\[[\d:]+\] ", "", line) for line in body.split("\n")[:-1]]
    assert told == [f"{who}: {said}" for who, said in lines]
    assert [row["seq"] for row in table] == [str(entry.seq) for entry in entries]
    assert [row["content"].replace("'", "") for row in table] == [said.replace("'", "") for _, said in lines]
    for cues in (vtt, srt):
        assert all(0 <= start < end <= LAST_S + 0.001 for start, end, *_ in cues)
        assert [cue[0] for cue in cues] == sorted(cue[0] for cue in cues)
    whole = json.loads(written("json", entries, call))
    assert [one["content"] for one in whole["transcripts"]] == [entry.transcript.content for entry in entries]
    assert whole["call"]["assistant_name"] == name


@given(texts)
def test_no_line_end_control_or_direction_gets_into_a_line(text):
    line = one_line(text)
    assert line.splitlines() in ([line], [])
    assert not [c for c in line if unicodedata.category(c) == "Cc" or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"]
    assert one_line(line) == line


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_like_a_formula(text):
    entry = an_entry(1, text, segment_id=text, language=text, speaker="assistant")
    (row,) = csv_rows(written("csv", [entry], a_call(assistant_name=text)))
    for cell in (row["content"], row["segment_id"], row["language"], row["name"]):
        for part in cell.split(";"):  # a spreadsheet whose cells are parted so
            seen = "".join(c for c in part if not c.isspace() and unicodedata.category(c) != "Cf")
            assert not A_FORMULA.match(seen), cell
    assert not [value for value in row.values() if re.match(r"[=+\-@\t\r]", value)]


def test_a_spreadsheet_reads_the_table():
    entry = an_entry(1, 'Grüße, "Ada"', 1.5, 2.0004, confidence=0.5, language="de")
    text = written("csv", [entry])
    assert text.startswith('\ufeff"call_sid","seq"') and text.endswith('"\r\n') and text.count("\r\n") == 2
    (row,) = csv_rows(text.encode())
    assert row == {
        **{"call_sid": "CA1", "seq": "1", "segment_id": "s1", "speaker": "user", "name": "Customer"},
        **{"segment_start": "1.500", "segment_end": "2.000", "content": 'Grüße, "Ada"', "confidence": "0.5"},
        **{"language": "de", "created_at": "2026-02-02T02:40:01.000+00:00"},
    }


def test_measured_times_stay_as_they_are_and_others_lie_between_and_are_noted():
    entries = [
        an_entry(1, "Hello.", 0.5, 2.25),
        an_entry(2, "Hi.", 1.0, 3.0, speaker="assistant"),  # both at once
        an_entry(3, "When?", created_at=BEGAN + 90 * SECOND),  # made after the next began
        an_entry(4, "Now.", 4.0, 4.0),  # no length
        an_entry(5, "Later.", 4.0004, 4.0006),
        an_entry(6, "x" * 300, None, 3600.5),
        an_entry(7, "Bye.", created_at=None),
    ]
    text = written("vtt", entries)
    assert [cue[:2] for cue in vtt_cues(text)] == [
        *((0.5, 2.25), (1.0, 3.0), (4.0, 5.0), (4.0, 5.0), (4.0, 4.001)),
        *((3593.5, 3600.5), (3593.5, 3594.5)),
    ]
    assert [cue[:2] for cue in srt_cues(written("srt", entries))] == [cue[:2] for cue in vtt_cues(text)]
    assert re.findall(r"NOTE estimated ([a-z ]+)\n\n(\d+)\n", text) == [
        *(("start and end", "3"), ("end", "4"), ("start", "6"), ("start and end", "7")),
    ]
    assert [row["segment_start"] for row in csv_rows(written("csv", entries))][2::4] == ["", ""]
    assert "\nCustomer: When?\n" in written("txt", entries)
    assert [one["segment_start"] for one in json.loads(written("json", entries))["transcripts"]][2] is None


def test_a_call_without_any_times_is_shown_when_its_words_came():
    entries = [an_entry(n, "Word.", created_at=BEGAN + n * 10 * SECOND) for n in range(1, 4)]
    assert [cue[0] for cue in vtt_cues(written("vtt", entries))] == [9.0, 19.0, 29.0]
    unknown = a_call(started_at=None, created_at=BEGAN + 5 * SECOND)
    assert [cue[0] for cue in srt_cues(written("srt", entries, unknown))] == [4.0, 14.0, 24.0]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_call_of_which_nothing_was_said_is_a_file_too(format_):
    text = written(format_, [])
    assert {"json": lambda: json.loads(text)["transcripts"], "csv": lambda: csv_rows(text)}.get(format_, list)() == []
    assert format_ in ("srt", "txt", "json", "csv") or vtt_cues(text) == []
    assert (format_ == "srt") == (text == "")


def test_a_files_name_is_safe_anywhere():
    assert file_name("CA0001", "txt") == "call-CA0001.txt"
    assert file_name("..:a:b-c.", "vtt", "user") == "call-.._a_b-c.-user.vtt"
