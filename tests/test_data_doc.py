"""docs/data.md is true: its commands do what it says, as they are printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import HOME, environment
from postgres import installed

PAGE = (HOME / "docs" / "data.md").read_text()


def commands(section: str) -> list[str]:
    """The blocks of a section, in order."""
    _, _, text = PAGE.partition(f"\n## {section}\n")
    return re.findall(r"```sh\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)


class Shell:
    """Runs a block as it is printed, with its folder of backups in this test's."""

    def __init__(self, url: str, folder: Path):
        self._folder = folder
        programs = installed()
        path = os.environ["PATH"] if programs is None else f"{programs}:{os.environ['PATH']}"
        self._environment = environment(CALLBOARD_DATABASE_URL=url, PATH=path)

    def __call__(self, block: str) -> str:
        script = block.replace("/var/backups", str(self._folder)).replace(".venv/bin/python", f'"{sys.executable}"')
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=HOME,
            env=self._environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, (block, done.stderr)
        return done.stdout


ORGANIZATION = '.venv/bin/python server.py organization create "Harper Valley"'


def test_on_sqlite(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    shell = Shell(f"sqlite:///{tmp_path}/board.db", folder)
    shell(ORGANIZATION)
    (backup, _), (restore, _) = commands("Backup"), commands("Restore")
    shell(backup)
    assert len(list(folder.iterdir())) == 1
    Shell(f"sqlite:///{tmp_path}/restored.db", folder)(restore)
    assert shell(*commands("Retention")).splitlines()[2].split("\t")[::3] == ["90", "Harper Valley"]
    erase, compact, _ = commands("Erasure")
    assert shell(erase).count("Nothing is to be erased.") == 3
    assert int(shell(compact).splitlines()[-1]) > 0
    assert shell(*commands("Upgrades")).splitlines()[-1] == "0"


def test_on_postgresql(new_postgres_database, tmp_path):
    if installed() is None:
        pytest.skip("PostgreSQL's programs are not installed")
    url, other = new_postgres_database(), new_postgres_database()
    shell = Shell(url, tmp_path)
    shell(ORGANIZATION)
    (_, dump), (_, restore) = commands("Backup"), commands("Restore")
    shell(dump)
    epoch = """psql -At "$CALLBOARD_DATABASE_URL" -c "SELECT value FROM meta WHERE name = 'epoch'" """
    restored = Shell(other, tmp_path)
    assert restored(restore).splitlines()[-1] == restored(epoch).strip() != shell(epoch).strip()
    assert "Harper Valley" in Shell(other, tmp_path)(".venv/bin/python server.py retention show")
    erase, _, vacuum = commands("Erasure")
    assert shell(erase).count("Nothing is to be erased.") == 3
    shell(vacuum)
    assert shell(*commands("Upgrades")).splitlines()[-1] == "0"
