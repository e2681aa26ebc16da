"""A database file that is not there, or not for everybody: said in one line, and nothing is made in a wrong place."""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from command_line import CommandLine
from models.trouble import obstacle
from patience import PATIENCE_S


@pytest.mark.parametrize(
    "words", [("erase", "--call", "CA1", "--yes"), ("key", "list"), ("compact",), ("retention", "show"), ("new-epoch",)]
)
def test_a_path_that_leads_to_no_database_is_said_and_none_is_made_there(words, tmp_path):
    """Else who erases in the wrong folder would hear that there is no such call."""
    outcome = CommandLine(f"sqlite:///{tmp_path}/board.db").try_(*words)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.endswith(f"the database cannot be used: there is no file {tmp_path}/board.db\n")
    assert not [path.name for path in tmp_path.iterdir() if path.suffix == ".db"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    outcome = CommandLine(f"sqlite:///{tmp_path}/nowhere/board.db").try_("serve", "--port", "0")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.endswith(f"the database cannot be used: there is no folder {tmp_path}/nowhere\n")


def test_a_folder_is_no_database(tmp_path):
    outcome = CommandLine(f"sqlite:///{tmp_path}").try_("serve", "--port", "0")
    assert outcome.err.endswith(f"the database cannot be used: {tmp_path} is a folder\n")


def test_what_is_made_is_for_this_account_only(tmp_path):
    before = os.umask(0o022)
    try:
        CommandLine(f"sqlite:///{tmp_path}/board.db").do("migrate")
    finally:
        os.umask(before)
    made = list(tmp_path.iterdir())
    assert made and [path.stat().st_mode & 0o077 for path in made] == [0] * len(made)


def as_nobody(work, *args):
    """What `work` returns where the account may do what the files say; root may do everything."""
    if os.getuid() != 0:
        return work(*args)
    with ProcessPoolExecutor(1, get_context("fork"), os.setuid, (65534,)) as other:
        return other.submit(work, *args).result(PATIENCE_S)


def test_what_this_account_may_not_do_is_named(tmp_path):
    """`unable to open database file` is all that SQLite says: at night, to who forgot `sudo -u callboard`."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are for nobody else to look into
        path = f"{folder}/board.db"
        Path(path).touch(mode=0o600)
        os.chmod(folder, 0o555)
        if os.getuid() == 0:
            assert as_nobody(obstacle, path) == f"this account may not read {path}"
        os.chmod(path, 0o666)
        assert as_nobody(obstacle, path) == f"this account may not write to {folder}, as SQLite has to"
        assert as_nobody(obstacle, f"{path}2") == f"there is no file {path}2, nor may this account make one"
        os.chmod(folder, 0o600)
        assert as_nobody(obstacle, path) == f"{path} cannot be looked at: Permission denied"
        os.chmod(folder, 0o700)
