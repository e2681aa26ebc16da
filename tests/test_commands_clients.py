"""`watch` and `replay` against a real server, as processes."""

import json
import os
import pty
import re
import signal

import pytest

from command_line import CommandLine, finish
from server import main

SAID = ["  0:00  user       Hello there", "  0:02  assistant  Fine thanks"]


@pytest.fixture
def line(sqlite_url):
    line = CommandLine(sqlite_url)
    line.variables["CALLBOARD_TOKEN"] = line.do("setup")
    return line


@pytest.fixture
def recording(tmp_path):
    """Writes a recording of messages (at, type, data); its path."""

    def write(*messages, name="call.jsonl", call_sid="CA1"):
        rows = [{"at": at, "type": type_, "call_sid": call_sid, "data": data} for at, type_, data in messages]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(tmp_path / name)

    return write


def said(at, segment, speaker, content, *, is_final=True):
    data = {"segment_id": segment, "speaker": speaker, "content": content, "is_final": is_final}
    return at, "transcript", data | {"segment_start": int(segment) * 2.0 - 2}


CALL = (
    (0, "call", {"direction": "inbound", "status": "in-progress"}),
    said(0.1, "1", "user", "Hel", is_final=False),
    said(0.2, "1", "user", "Hello there"),
    said(0.3, "2", "assistant", "Fine \x1b[31mtha\nnks"),
    said(0.4, "2", "assistant", "Fine thanks"),
)
END = (0.5, "call_status", {"status": "completed"})


def until(stream, words):
    """Reads on to a line with these words."""
    for text in stream:
        if words in text.decode():
            return
    raise AssertionError(f"the output ended without {words!r}")


def test_a_replayed_call_is_watched_after_it_ended(line, recording):
    with line.serving() as url:
        replayed = line.try_("replay", recording(*CALL, END), "--url", url, "--speed", "0")
        assert replayed == (0, "calls=1 messages=6 acknowledged=6\n", "")
        watched = line.try_("watch", "CA1", "--url", url.replace("http", "ws") + "/")
    assert watched.status == 0
    assert watched.out.splitlines() == [SAID[0], "  0:02  assistant  Fine  [31mtha nks", SAID[1] + " (corrected)"]
    assert "completed" in watched.err


def test_a_watcher_waits_for_a_call_and_follows_it_to_its_end_while_others_go_on(line, recording):
    with line.serving() as url:
        watcher = line.start("watch", "CA1", "--url", url)
        until(watcher.stderr, "trying again")
        files = [recording(*CALL, END, name="1"), recording(*CALL, name="2", call_sid="CA2")]
        assert line.do("replay", *files, "--url", url, "--speed", "4") == "calls=2 messages=11 acknowledged=11"
        watched = finish(watcher)
    assert watched.status == 0
    assert watched.out.splitlines()[0] == SAID[0] and watched.out.splitlines()[-1].startswith(SAID[1])


def test_a_restarted_server_costs_neither_the_replay_nor_its_watcher_a_sentence(line, recording):
    many = [said(n / 10, str(n), "user", f"sentence {n}") for n in range(1, 61)]
    with line.serving() as url:
        port = int(url.rsplit(":", 1)[1])
        replay = line.start("replay", recording(CALL[0], *many, (6.1, *END[1:])), "--url", url)
        watcher = line.start("watch", "CA1", "--url", url)
        until(watcher.stdout, "sentence 5")
    with line.serving(port):
        replayed, watched = finish(replay), finish(watcher)
    assert (replayed.status, replayed.out) == (0, "calls=1 messages=62 acknowledged=62\n")
    heard = [int(number) for number in re.findall(r"sentence (\d+)", watched.out)]
    assert watched.status == 0 and heard == list(range(6, 61))


def test_the_first_rejection_is_named_and_the_rest_is_sent(line, recording):
    bad = said(0, "3", "nobody", "?")
    with line.serving() as url:
        path = recording(CALL[0], bad, *CALL[1:], said(9, "3", "nobody", "?"))
        outcome = line.try_("replay", path, "--url", url, "--speed", "0")
    assert (outcome.status, outcome.out) == (1, "calls=1 messages=7 acknowledged=5\n")
    assert outcome.err.startswith(f"{path}:2: invalid_field: ") and outcome.err.count("\n") == 1


def test_who_is_refused_for_good_gets_a_line_and_exit_1(line, recording):
    path = recording(*CALL)
    reader = line.do("key", "create", "--user", "admin@localhost", "--name", "r", "--scopes", "read")
    with line.serving() as url:
        for words, variables, says in (
            (("watch", "CA1", "--url", url), {"CALLBOARD_TOKEN": "cb_unknown"}, "authentication_failed"),
            (("replay", path, "--url", url), {"CALLBOARD_TOKEN": "cb_unknown"}, "authentication_failed"),
            (("replay", path, "--url", url), {"CALLBOARD_TOKEN": reader}, "access_denied"),
            (("watch", "CA1", "--url", url + "/elsewhere"), {}, "no Callboard"),
        ):
            outcome = line.try_(*words, **variables)
            assert outcome.status == 1 and says in outcome.err and outcome.err.count("\n") == 1, outcome
            assert "cb_" not in outcome.out + outcome.err


def test_a_watcher_whose_key_is_revoked_leaves(line, recording):
    with line.serving() as url:
        line.do("replay", recording(*CALL), "--url", url, "--speed", "0")
        watcher = line.start("watch", "CA1", "--url", url, "--token", "-")
        watcher.stdin.write(line.variables["CALLBOARD_TOKEN"].encode() + b"\n")
        until(watcher.stdout, SAID[0])
        line.do("key", "revoke", "-", stdin=line.variables["CALLBOARD_TOKEN"])
        outcome = finish(watcher)
    assert outcome.status == 1 and outcome.err.splitlines()[-1].startswith("access_revoked: ")


def test_ctrl_c_ends_a_watcher_without_a_word(line, recording):
    with line.serving() as url:
        line.do("replay", recording(*CALL), "--url", url, "--speed", "0")
        watcher = line.start("watch", "CA1", "--url", url)
        until(watcher.stdout, SAID[1])
        watcher.send_signal(signal.SIGINT)
        outcome = finish(watcher)
    assert outcome.status == 130 and "Traceback" not in outcome.err and outcome.err.count("\n") == 1


def test_a_terminal_shows_interims_and_puts_corrections_in_their_place(line, recording):
    control, terminal = pty.openpty()
    with line.serving() as url:
        line.do("replay", recording(CALL[0]), "--url", url)
        watcher = line.start("watch", "CA1", "--url", url, stdout=terminal)
        os.close(terminal)
        shown = b""
        while b"in-progress" not in shown:
            shown += os.read(control, 4096)
        line.do("replay", recording(*CALL[1:], END), "--url", url)
        try:
            while data := os.read(control, 4096):
                shown += data
        except OSError:  # EIO: the other end is closed
            os.close(control)
        assert finish(watcher).status == 0
    text = shown.decode().replace("\r", "")
    assert "\x1b[31m" not in text and "(corrected)" not in text
    assert "  0:00  user       Hel …" in text and SAID[0] in text.split("Hel …")[1]
    assert SAID[1] in text.split("tha nks")[1]
    assert re.search(r"── The call is completed, \d+ s ──\x1b\[22m\n\Z", text)


@pytest.mark.parametrize("text", ["[]", "{}", "{", '{"at":-1,"type":"call","call_sid":"CA1"}', '{"at":"x"}', "\xff"])
def test_a_file_that_is_no_recording_is_refused_before_anything_is_sent(tmp_path, text, capfd):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"at":0,"type":"call","call_sid":"CA1"}\n' + text.encode("latin1") + b"\n")
    assert main(["replay", str(path), "--url", "http://127.0.0.1:1", "--token", "cb_x"]) == 2
    said = capfd.readouterr()
    assert said.out == "" and said.err.startswith(f"FILE: {path}:2: ") and said.err.count("\n") == 1
