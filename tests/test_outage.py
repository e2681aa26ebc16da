"""A database that is away, as the log tells it."""

import logging

import pytest

from models.outage import CALM_S, TOLD_EVERY_S, Outage


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outage(clock):
    return Outage("writes were not committed", logging.ERROR, clock=clock)


def test_it_is_told_when_it_begins_once_a_minute_and_when_it_is_over(outage, clock, caplog):
    outage.worked()
    outage.failed(OSError("disk\n\tis full"), 3)
    for _ in range(240):
        clock.now += TOLD_EVERY_S / 120
        outage.failed(OSError("disk is full"))
    clock.now += CALM_S
    outage.worked()
    outage.worked()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "3 writes were not committed: disk is full"),
        ("ERROR", "120 writes were not committed: disk is full"),
        ("ERROR", "120 writes were not committed: disk is full"),
        ("WARNING", "the database is back, after 121 s: 243 writes were not committed"),
    ]
    outage.failed(OSError("again"))
    assert caplog.records[-1].getMessage() == "1 writes were not committed: again", "the next one is another"


def test_where_every_other_try_fails_it_is_one_outage(outage, clock, caplog):
    for _ in range(100):
        clock.now += CALM_S / 10
        outage.failed(OSError("too many clients"))
        outage.worked()
    assert len(caplog.records) == 1


def test_what_went_wrong_first_is_told_and_not_what_undoing_it_met(outage, caplog):
    try:
        try:
            raise OSError("the connection was cut")
        except OSError:
            raise ValueError("no transaction") from None
    except ValueError as error:
        outage.failed(error)
    assert caplog.messages == ["1 writes were not committed: the connection was cut"]
