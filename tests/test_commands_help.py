"""Every word and flag has a page of help with an example, and a place in docs/command-line.md."""

import argparse
import re
import subprocess
import sys

import pytest

from command_line import HOME
from commands import FILES
from server import main, make_parser

DOCS = (HOME / "docs" / "command-line.md").read_text()


def words(parser, before=()):
    """Every command of the parser, as (its words, its own parser)."""
    families = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not families:
        return [(before, parser)]
    return [found for name, child in families[0].choices.items() for found in words(child, (*before, name))]


COMMANDS = words(make_parser())


def test_there_are_the_words_that_were_promised():
    assert {" ".join(path) for path, _ in COMMANDS} == {
        *("serve", "setup", "watch", "replay", "organization create", "user create", "user deactivate"),
        *("assistant create", "key create", "key list", "key revoke", "source create"),
        *("run", "demo erase", "backup", "restore", "new-epoch", "erase", "compact", "migrate"),
        *("retention show", "retention set"),
    }


@pytest.mark.parametrize(
    "path, parser", COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_each_word_and_flag_is_explained(path, parser):
    page = parser.format_help()
    assert parser.description and f"server.py {' '.join(path)}" in parser.epilog
    assert all(action.help for action in parser._actions), page
    assert f"`{' '.join(path)}" in DOCS and f"server.py {' '.join(path)}" in DOCS
    for action in parser._actions:
        assert all(flag in DOCS for flag in action.option_strings if flag not in ("-h", "--help")), action


def test_a_misspelt_flag_is_told_by_the_word_whose_help_has_the_right_one(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["user", "create", "ann@acme.example", "--organization=Acme", "--role=admin", "--pasword=hunter22"])
    said = "server.py user create: unrecognized argument '--pasword' (--help tells more)\n"
    assert capsys.readouterr() == ("", said)


def test_without_what_it_needs_it_says_in_one_line_how_to_install_that():
    words = (sys.executable, "-S", HOME / "server.py", "serve")  # -S: without .venv's packages
    lacking = subprocess.run(words, capture_output=True, text=True)
    assert (lacking.returncode, lacking.stdout) == (2, "")
    assert re.fullmatch(r"No module named '\w+': `make install` .+ `make run` .+\n", lacking.stderr)


def test_every_word_is_found_without_the_others_files():
    assert sorted(FILES) == sorted(path[0] for path in {path[:1] for path, _ in words(make_parser())})
    for word in FILES:
        assert word in str(make_parser(word).format_help())
