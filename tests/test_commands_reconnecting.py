"""When a client comes back, how soon, and when it gives up: with a clock and a die of the test's own."""

import pytest

from commands.reconnecting import PATIENCE_S, Attempts, Lost, Refused, ended


class Now:
    at = 0.0

    def __call__(self):
        return self.at


def attempts(jitter=1.0):
    now = Now()
    return now, Attempts(now=now, jitter=lambda: jitter)


def test_delays_double_up_to_half_a_minute_and_are_spread_from_nothing():
    _, tries = attempts()
    tries.admitted()
    assert [tries.delay(Lost("x")) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    _, lucky = attempts(jitter=0.0)
    assert [lucky.delay(Lost("x")) for _ in range(3)] == [0, 0, 0]


def test_a_connection_that_held_makes_the_next_attempt_quick_and_a_short_one_does_not():
    now, tries = attempts()
    for held, delay in ((0, 0.5), (0, 1.0), (4.9, 2.0), (5.0, 0.5)):
        tries.admitted()
        now.at += held
        assert tries.delay(Lost("x")) == delay


def test_never_sooner_than_the_server_asks():
    _, tries = attempts(jitter=0.0)
    assert tries.delay(Lost("x", {"error": "server_shutdown", "retry_after": 7})) == 7


@pytest.mark.parametrize("error", [None, {"error": "access_denied", "retryable": True}])
def test_who_was_never_let_in_gives_up_after_two_minutes(error):
    now, tries = attempts()
    tries.delay(Lost("x", error))
    now.at += PATIENCE_S - 1
    tries.delay(Lost("x", error))
    now.at += 1
    with pytest.raises(Refused):
        tries.delay(Lost("x", error))


def test_who_was_let_in_once_or_finds_the_call_full_never_gives_up():
    now, tries = attempts()
    for _ in range(20):
        now.at += PATIENCE_S
        tries.delay(Lost("x", {"error": "connection_limit_exceeded"}))
    tries.admitted()
    for _ in range(20):
        now.at += PATIENCE_S
        tries.delay(Lost("x"))


@pytest.mark.parametrize(
    "code, error, outcome",
    [
        (None, None, Lost),
        (1006, None, Lost),
        (1001, {"error": "server_shutdown", "retryable": True}, Lost),
        (1011, {"error": "server_error"}, Lost),
        (1008, {"error": "access_denied", "retryable": True}, Lost),
        (1008, {"error": "access_revoked", "retryable": False}, Refused),
        (1008, None, Refused),
        *((code, None, Refused) for code in (1002, 1003, 1007, 1009)),
    ],
)
def test_a_close_code_says_whether_to_come_back(code, error, outcome):
    with pytest.raises(outcome):
        ended(code, error)
