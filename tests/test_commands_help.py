"""Every word and flag has a page of help with an example, and a place in docs/command-line.md."""

import argparse
from pathlib import Path

import pytest

from server import make_parser

DOCS = (Path(__file__).parent.parent / "docs" / "command-line.md").read_text()


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
