"""--version: which Callboard this is, and of what it was made."""

import re
import subprocess
import tomllib
from pathlib import Path

import version
from command_line import CommandLine

HOME = Path(__file__).parent.parent


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"] == version.VERSION


def test_it_says_its_version_and_commit_in_one_line(sqlite_url):
    outcome = CommandLine(sqlite_url).try_("--version")
    assert outcome.status == 0 and outcome.err == ""
    assert re.fullmatch(rf"callboard {re.escape(version.VERSION)} \(commit ([0-9a-f]{{7,}}|unknown)\)\n", outcome.out)


def told_in(folder, monkeypatch) -> str:
    monkeypatch.setattr(version, "HOME", folder)
    version.commit.cache_clear()
    try:
        return version.commit()
    finally:
        version.commit.cache_clear()


def test_the_commit_is_that_of_the_build_else_of_git_else_unknown(tmp_path, monkeypatch):
    assert told_in(tmp_path, monkeypatch) == "unknown"
    git = ("git", "-C", str(tmp_path), "-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "First")):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert head.startswith(told_in(tmp_path, monkeypatch))
    inner = tmp_path / "unpacked"
    inner.mkdir()
    assert told_in(inner, monkeypatch) == "unknown", "the repository around it is another's"
    (tmp_path / "COMMIT").write_text("abc1234\n")
    assert told_in(tmp_path, monkeypatch) == "abc1234"
