"""A watcher's place in the call's log: repeats, holes, and another log."""

import pytest

from commands.reconnecting import Lost
from commands.watch import Watcher


def established(epoch, *, recovered=True):
    return {"type": "connection_established", "epoch": epoch, "recovered": recovered}


def final(seq):
    data = {"segment_id": str(seq), "speaker": "user", "content": f"number {seq}", "is_final": True}
    return {"type": "transcript", "seq": seq, "data": data}


def heard(capsys, *messages):
    watcher = Watcher()
    for message in messages:
        watcher.hear(message)
    return [int(row.split()[-1]) for row in capsys.readouterr().out.splitlines()]


def test_what_comes_twice_is_printed_once(capsys):
    assert heard(capsys, established("e"), final(1), final(2), established("e"), final(2), final(3)) == [1, 2, 3]


def test_a_hole_is_a_reason_to_connect_again(capsys):
    with pytest.raises(Lost):
        heard(capsys, established("e"), final(1), final(3))


def test_another_log_is_printed_from_its_beginning(capsys):
    assert heard(capsys, established("e"), final(1), final(2), established("f", recovered=False), final(1)) == [1, 2, 1]


def test_messages_of_later_servers_are_passed_over(capsys):
    assert heard(capsys, established("e"), {"type": "weather"}, {"type": "pong"}, {}, final(1)) == [1]
