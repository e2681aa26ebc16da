"""Which Callboard this is: its version, and the commit that it was made of."""

import subprocess
from functools import cache
from pathlib import Path

VERSION = "0.1.0"  # as pyproject.toml; a test compares

HOME = Path(__file__).parent


@cache
def commit() -> str:
    """`abc1234`, of the file COMMIT that a build leaves beside this one, else of git; `unknown` where neither tells."""
    try:
        return (HOME / "COMMIT").read_text().strip()
    except OSError:
        pass
    if not (HOME / ".git").exists():  # else git would tell of a repository around this one
        return "unknown"
    try:
        words = ("git", "-C", str(HOME), "rev-parse", "--short", "HEAD")
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def full_version() -> str:
    return f"callboard {VERSION} (commit {commit()})"
