"""A server as a process among strangers who send anything: it serves on, and its log does not repeat them."""

import os
import signal
import socket
import urllib.request

import pytest

from command_line import CommandLine, finish
from patience import PATIENCE_S

MARK = "zebra5318"
MALFORMED = [
    f"{MARK}\r\n\r\n",
    f"GET / {MARK}/1.1\r\n\r\n",
    f"GET /{MARK} {MARK} HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\n{MARK} no colon\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {MARK} y\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\nHost: {MARK}\r\n\r\n",
    f"GET / HTTP/1.1\r\n{MARK}: \x00\r\n\r\n",
    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MARK}\r\n\r\n",
    f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2{MARK}\r\n\r\n",
    f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {MARK}\r\n\r\n",
    f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
    f"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={MARK}\r\n"
    f"Content-Length: 20\r\n\r\n--{MARK}\r\nzzzzzzzzz",
    f"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded; {MARK}\r\n"
    f"Content-Encoding: {MARK}\r\nContent-Length: 12\r\n\r\n%ff={MARK}",
    f"GET / HTTP/1.1\r\nHost: x\r\nX: {MARK * 5000}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {MARK}=\x80; _xsrf=2|{MARK}\r\nConnection: close\r\n\r\n",
    f"{MARK} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    f"GET /?{MARK}=%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    f"GET /live-calls?token={MARK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    f"GET http://{MARK}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    f"CONNECT {MARK}:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + MARK,
]


def say(port, text):
    """All that the server answers, until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        answer = b""
        try:
            client.sendall(text.encode("latin1"))
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(1 << 16):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


@pytest.fixture
def served(sqlite_url):
    """Port and process; whoever asks for it ends the process."""
    line = CommandLine(sqlite_url)
    line.do("setup", CALLBOARD_PASSWORD="correct horse")
    server = line.start("serve", "--port", "0", "--address", "127.0.0.1", "--shutdown-grace", "0")
    url = server.stdout.readline().decode().split()[-1]
    yield int(url.rpartition(":")[2]), server
    if server.poll() is None:
        server.kill()
        finish(server)


def stopped(server):
    server.send_signal(signal.SIGTERM)
    outcome = finish(server)
    assert outcome.status == 0
    return outcome.err


def is_well(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S) as answer:
        return answer.status == 200


def test_malformed_requests_leave_nothing_in_the_log_but_lines_of_access(served):
    port, server = served
    for text in MALFORMED:
        answer = say(port, text)
        assert not answer or answer.startswith(b"HTTP/1.1 ") or answer.startswith(b"<"), answer[:100]
        assert b"Traceback" not in answer and b"rror: " not in answer
    assert is_well(port)
    told = stopped(server)
    strange = [line for line in told.splitlines() if "callboard.access" not in line and MARK in line]
    assert strange == []
    assert "Traceback" not in told and "tornado" not in told


def test_an_address_cannot_write_lines_or_colours_of_its_own(served):
    port, server = served
    say(port, "GET /nowhere\x9b31m\x85{MARK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    told = stopped(server)
    assert all(character.isprintable() or character == "\n" for character in told)


def test_two_thousand_idle_connections_do_not_stop_a_client(served):
    port, server = served
    crowd = []
    try:
        for _ in range(2000):
            crowd.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
        assert is_well(port)
        descriptors = len(os.listdir(f"/proc/{server.pid}/fd"))
        assert descriptors > 1000, "they were really open"
    finally:
        for each in crowd:
            each.close()
    assert is_well(port)
    assert "Traceback" not in stopped(server)
