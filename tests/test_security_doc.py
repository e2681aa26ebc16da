"""docs/security.md is true: each threat has tests, which exist; the limits that it names are settings."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from models import accounts, rights
from settings import FIELDS

HOME = Path(__file__).parent.parent
PAGE = (HOME / "docs" / "security.md").read_text()


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return found


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the table in it, without its head."""
    lines = [line.strip("| ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


THREATS = rows(section("Threats"))


@cache
def functions(path: str) -> set[str]:
    file = HOME / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.parse("")
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def problems(row: list[str]) -> list[str]:
    """What is wrong with a row of the table of threats."""
    if len(row) != 3 or not all(row):
        return ["not three cells"]
    named = re.findall(r"`([^`]+)`", row[2])
    missing = [name for name in named if name.partition("::")[2] not in functions(name.partition("::")[0])]
    return missing if named else ["no test"]


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[0][:50])
def test_each_threat_has_tests_that_exist(row):
    assert problems(row) == []


def test_a_row_without_a_test_or_with_one_that_is_not_there_would_be_found():
    here = f"tests/{Path(__file__).name}::test_each_threat_has_tests_that_exist"
    assert problems(["threat", "defence", f"`{here}`"]) == []
    assert problems(["threat", "defence", f"`{here}_not`"]) == [here + "_not"]
    assert problems(["threat", "defence", "`tests/test_nowhere.py::test_x`"]) == ["tests/test_nowhere.py::test_x"]
    assert problems(["threat", "defence", "by hand"]) == ["no test"] and problems(["threat", "defence", ""])


def test_the_table_is_whole_and_no_threat_is_there_twice():
    assert len(THREATS) >= 25
    assert len({row[0] for row in THREATS}) == len(THREATS)


def test_the_settings_that_it_names_are_there_and_each_limit_is_named():
    known = {field.flag for field in FIELDS}
    named = set(re.findall(r"`(--[a-z-]+)`", PAGE))
    assert named - known == {"--expires"}  # of `key create`
    limits = {flag for flag in known if re.search("-per-(address|account|key|call|second)$", flag)}
    assert {re.findall("`(.+?)`", row[0])[0] for row in rows(section("Run it safely"))} == limits


def test_the_numbers_and_words_that_it_gives_are_ours():
    assert f"within {rights.TICKET_US // 1_000_000} seconds" in PAGE
    assert all(f"`{scope}`" in section("What is promised") for scope in rights.SCOPES)
    assert accounts._hasher.type.name == "ID" and "argon2id" in PAGE


def test_it_says_to_whom_to_report_a_hole_and_is_found_from_where_people_look():
    assert "Privately, to the maintainers, before anyone else" in section("Report a hole")
    assert "(docs/security.md)" in (HOME / "README.md").read_text()
    assert "(docs/security.md)" in (HOME / "CONTRIBUTING.md").read_text()
