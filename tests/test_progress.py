"""How far a long command is, on a terminal and elsewhere."""

import io
import signal

import pytest

from commands.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(out: io.StringIO, steps, **options) -> str:
    clock = Seconds()
    with Progress("Backing up", out=out, clock=clock, **options) as progress:
        for clock.now, done, total in steps:
            progress.reach(done, total)
    return out.getvalue()


STEPS = [(0.5, 5, 100), (2, 20, 100), (2.1, 21, 100), (8, 80, 100), (9, 90, 100)]


def test_a_terminal_gets_a_bar_with_an_estimate_which_is_gone_in_the_end():
    looks = shown(Terminal(), STEPS).split("\r\x1b[K")
    assert looks == [
        "",
        "[#####...................] Backing up: 20%",
        "[###################.....] Backing up: 80%, about 2 s left",
        "[######################..] Backing up: 90%, about 1 s left",
        "",
    ]


def test_a_line_that_is_to_stay_takes_the_bars_place():
    for out, looks in ((Terminal(), "\r\x1b[KIt goes on.\n"), (io.StringIO(), "It goes on.\n")):
        clock = Seconds()
        with Progress("Backing up", out=out, clock=clock) as progress:
            clock.now = 2
            progress.reach(20, 100)
            before = len(out.getvalue())
            progress.note("It goes on.")
            assert out.getvalue()[before:] == looks


def test_elsewhere_there_is_a_plain_line_every_few_seconds():
    assert shown(io.StringIO(), STEPS) == "Backing up: 20%\nBacking up: 80%, about 2 s left\n"


def test_what_is_quick_or_to_be_quiet_says_nothing():
    assert shown(Terminal(), STEPS[:1]) == shown(Terminal(), STEPS, is_quiet=True) == ""


def test_where_nobody_knows_how_much_there_is_it_says_how_long_it_took():
    assert (
        shown(io.StringIO(), [(100, 1, 0), (6000, 2, 0)]) == "Backing up: 2 min so far\nBacking up: 1 h 40 min so far\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_block_and_are_as_they_were_afterwards(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), Progress("Backing up", out=io.StringIO()):
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
