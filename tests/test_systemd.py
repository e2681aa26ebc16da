"""What systemd hands over and is told, and the files in deploy/ that it reads."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from handlers.listening import CannotListen
from handlers.systemd import handed_sockets, tell_systemd
from house import open_house
from settings import FIELDS

DEPLOY = Path(__file__).parent.parent / "deploy"
UNITS = ("callboard.service", "callboard.socket")
with_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def variables(count="1", names=None, pid=None):
    given = {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": count, "KEPT": "1"}
    return given if names is None else given | {"LISTEN_FDNAMES": names}


@pytest.fixture
def three():
    """The first of three descriptors in a row, all of them listening."""
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    first = 900  # nobody is there, and the system's limit is 1024 or more
    for number, one in enumerate(opened):
        os.dup2(one.fileno(), first + number, inheritable=True)
        one.close()
    yield first
    for number in range(3):
        if is_open(first + number):
            os.close(first + number)


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def close(handed):
    for one in (*handed.doors, *handed.metrics):
        one.close()


def test_each_socket_is_taken_by_its_name_and_no_child_hears_of_any(three):
    environment = variables("3", "callboard.socket:metrics:other")
    handed = handed_sockets(environment, first=three)
    assert [one.fileno() for one in (*handed.doors, *handed.metrics)] == [three, three + 2, three + 1]
    for one in (*handed.doors, *handed.metrics):
        assert not one.getblocking() and not one.get_inheritable()
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 128 << 10
    assert environment == {"KEPT": "1"}
    close(handed)


def test_without_names_all_are_for_the_pages(three):
    handed = handed_sockets(variables("2"), first=three)
    assert (len(handed.doors), handed.metrics) == (2, ())
    close(handed)


@pytest.mark.parametrize("given", [{}, {"LISTEN_FDS": "1"}, variables(pid=1), variables(pid=1, count="x")])
def test_what_is_meant_for_nobody_or_another_process_is_left_alone(three, given):
    assert handed_sockets(dict(given), first=three) == ((), ())
    assert is_open(three)


@pytest.mark.parametrize(
    "given, says",
    [
        (variables(pid="me"), r"\ALISTEN_PID: must be a whole number, not 'me'"),
        *((variables(count), r"\ALISTEN_FDS: must be a wh") for count in ("", "-1", "two", "1.0", "9" * 5000)),
        (variables("2", "a"), r"\ALISTEN_FDNAMES: 'a' does not name as many as LISTEN_FDS says, 2\Z"),
        (variables("1", "a:b"), r"\ALISTEN_FDNAMES: "),
        (variables("4"), r"\ALISTEN_FDS: descriptor 903 is no socket: Bad file descriptor\Z"),
    ],
)
def test_wrong_numbers_are_one_line_that_names_the_variable(three, given, says):
    with pytest.raises(CannotListen, match=says) as refused:
        handed_sockets(given, first=three)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "make",
    [
        lambda: open(os.devnull),  # noqa: SIM115 — the test does
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    ],
    ids=["no socket", "one that does not listen", "UDP", "a socket of this machine alone"],
)
def test_a_descriptor_that_nobody_can_come_by_is_refused_and_left_open(make):
    with make() as one:
        with pytest.raises(CannotListen, match=rf"\ALISTEN_FDS: descriptor {one.fileno()} is no "):
            handed_sockets(variables(), first=one.fileno())
        os.fstat(one.fileno())


async def test_what_is_handed_over_goes_before_address_and_port_and_the_url_follows_it(sqlite_url, three):
    handed = handed_sockets(variables("2", ":metrics"), first=three)
    port, metrics_port = (one.getsockname()[1] for one in (*handed.doors, *handed.metrics))
    async with open_house(sqlite_url, port=1, address="192.0.2.1", handed=handed) as house:
        assert house.server.url == f"http://localhost:{port}"
        assert house.server.own_url == f"http://127.0.0.1:{port}"
        assert house.server.metrics_url == f"http://127.0.0.1:{metrics_port}/metrics"
        assert (await house.fetch("GET", "/readyz", key=None)).code == 200
    assert not is_open(three)


@pytest.mark.parametrize("is_abstract", [False, True])
def test_whoever_started_us_is_told(tmp_path, monkeypatch, is_abstract):
    name = f"@callboard-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0"))
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        tell_systemd("READY=1")
        assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize("name", [None, "", "/nowhere/notify", "@callboard-nobody", "vsock:1:2", "/" + "x" * 200])
def test_it_is_no_trouble_where_nobody_listens(monkeypatch, name):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if name is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", name)
    tell_systemd("READY=1")


def test_the_environment_file_has_every_setting_with_its_default_and_changes_none():
    head, *settings = (DEPLOY / "callboard.env").read_text().rstrip("\n").split("\n\n")
    assert all(line.startswith("# ") for line in head.splitlines())
    assert settings == [f"# {field.help}\n#{field.variable}={field.default}" for field in FIELDS]


@pytest.fixture
def units(tmp_path):
    """As they are, but for a program that is here."""
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/usr/local/bin/callboard", shutil.which("true"))
        (tmp_path / name).write_text(text)
    return tmp_path


def analyzed(*words):
    done = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@with_systemd
@pytest.mark.parametrize("with_options", [False, True], ids=["as they are", "with what is commented out"])
def test_systemd_understands_every_line_of_the_units(units, with_options):
    for name in UNITS if with_options else ():
        text, found = re.subn(r"(?m)^#(?=[A-Z]\w+=)", "", (units / name).read_text())
        assert found
        (units / name).write_text(text)
    assert analyzed("verify", "--man=no", *(str(units / name) for name in UNITS)) == (0, "")


@with_systemd
def test_the_service_may_do_little(units):
    """Exposure, in tenths: an unguarded service has 96."""
    status, told = analyzed("security", "--offline=true", "--threshold=20", str(units / UNITS[0]))
    assert status == 0, told


def test_systemd_waits_longer_than_those_who_watch_may_take():
    grace_s = next(int(field.default) for field in FIELDS if field.name == "shutdown_grace")
    lines = (DEPLOY / "callboard.service").read_text().splitlines()
    (timeout,) = (line.partition("=")[2] for line in lines if line.startswith("TimeoutStopSec="))
    assert int(timeout) >= 2 * grace_s
