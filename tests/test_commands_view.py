"""What `watch` shows, without a server: the rules of segments, and a terminal of a few rows."""

import io

import pytest

from commands.screen import DIM, ERASE_ALL, ERASE_BELOW, PLAIN, Screen
from commands.transcript_view import Line, TranscriptView


def transcript(segment, content, seq=None, *, start=None, revision=None):
    data = {"segment_id": segment, "speaker": "user", "content": content, "is_final": seq is not None}
    return {"data": data | {"segment_start": start, "revision": revision}} | ({} if seq is None else {"seq": seq})


def shown(*messages):
    view = TranscriptView()
    for message in messages:
        view.hear(message)
    return [line.text.split("user")[1].strip() for line in view.lines()]


@pytest.mark.parametrize(
    "messages, words",
    [
        ([transcript("a", "Hel", revision=1), transcript("a", "Hello", revision=2)], ["Hello …"]),
        ([transcript("a", "Hello", revision=2), transcript("a", "Hel", revision=1)], ["Hello …"]),
        ([transcript("a", "Hello", 1), transcript("a", "Hel", revision=9)], ["Hello"]),
        ([transcript("a", "Hello", 1), transcript("a", "Hallo", 2)], ["Hallo"]),
        ([transcript("a", "Hel"), transcript("a", "")], []),
        ([transcript("a", "two", 1, start=2.0), transcript("b", "one", 2, start=1.0)], ["one", "two"]),
        (
            [transcript("a", "one", 1, start=1.0), transcript("b", "two", 2), transcript("c", "three", 3)],
            ["one", "two", "three"],
        ),
        ([transcript("a", "one", 1), transcript("b", "two", 2), transcript("a", "uno", 3)], ["uno", "two"]),
        ([transcript("b", "still", start=0.0), transcript("a", "said", 1, start=5.0)], ["said", "still …"]),
    ],
)
def test_what_is_shown_of_a_segment_is_what_the_contract_says(messages, words):
    assert shown(*messages) == words


def test_only_finals_add_a_line_and_a_correction_is_marked():
    view = TranscriptView()
    assert view.hear(transcript("a", "Hel")) is None
    assert view.hear(transcript("a", "Hello", 1, start=61.9)).text == "  1:01  user       Hello"
    assert view.hear(transcript("a", "Hallo", 2)).text == "  -:--  user       Hallo (corrected)"


def test_what_was_said_cannot_steer_the_terminal():
    (words,) = shown(transcript("a", "a\x1b]0;x\x07b\nc\u202ed\u200ce", 1))
    assert words == "a ]0;x b c d\u200ce"


class Terminal(io.StringIO):
    """Understands what Screen writes: `rows` is what stands on it, the last `height` of which can be reached."""

    def __init__(self, height=5):
        super().__init__()
        self.rows, self.height, self.at = [""], height, 0

    def write(self, text):
        while text:
            if text.startswith("\x1b[") and text[2].isdecimal() and (end := text.find("A")) in (3, 4):
                up, text = int(text[2:end]), text[end + 1 :]
                assert up < self.height
                self.at -= up
            elif text.startswith(ERASE_BELOW):
                self.rows[self.at :], text = [""], text[len(ERASE_BELOW) :]
            elif text.startswith(ERASE_ALL):
                self.rows, self.at, text = [""], 0, text[len(ERASE_ALL) :]
            elif text.startswith("\n"):
                self.rows.append("")
                self.at, text = self.at + 1, text[1:]
            else:
                self.rows[self.at], text = self.rows[self.at] + text[0], text[1:]


def test_only_what_differs_is_written_again():
    terminal = Terminal()
    screen = Screen(terminal, lambda: (40, 5))
    screen.show([Line("one", True), Line("tw", False)])
    assert terminal.rows == ["one", f"{DIM}tw{PLAIN}", ""]
    screen.show([Line("one", True), Line("two", True), Line("three", True)])
    assert terminal.rows == ["one", "two", "three", ""]
    screen.show([Line("one", True)])
    assert terminal.rows == ["one", ""]


def test_what_has_scrolled_away_is_written_again_from_the_first_difference_on():
    terminal = Terminal()
    screen = Screen(terminal, lambda: (40, 5))
    lines = [Line(f"{n}", True) for n in range(8)]
    screen.show(lines)
    screen.show([lines[0], Line("uno", True), *lines[2:]])
    assert terminal.rows == ["0", "1", "2", "3", "uno", "2", "3", "4", "5", "6", "7", ""]


def test_another_size_begins_anew():
    terminal, size = Terminal(), [40, 5]
    screen = Screen(terminal, lambda: tuple(size))
    screen.show([Line("one", True)])
    size[0] = 50
    screen.show([Line("one", True)])
    assert terminal.rows == ["one", ""]


def test_long_lines_are_wrapped_under_their_words_by_what_they_cover():
    terminal = Terminal()
    Screen(terminal, lambda: (40, 5)).show([Line("  0:00  user       a bb ccc dddd eeeee ffffff", True)])
    Screen(terminal, lambda: (40, 5)).show([Line("  0:00  user       " + "漢" * 12, True)])
    assert terminal.rows[:2] == ["  0:00  user       a bb ccc dddd eeeee", " " * 19 + "ffffff"]
    assert terminal.rows[2:4] == ["  0:00  user       " + "漢" * 10, " " * 19 + "漢漢"]
