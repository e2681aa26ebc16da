"""The words of the command line besides `serve`: one file each family, which knows its flags and what it does."""

import argparse

from commands import (
    assistant,
    backup,
    demo,
    erase,
    key,
    migrate,
    organization,
    replay,
    retention,
    setup,
    source,
    user,
    watch,
)
from settings import Settings

WORDS = (organization, user, assistant, key, source, watch, replay, setup, demo, backup, erase, retention, migrate)


def add_words(words: argparse._SubParsersAction) -> None:
    for word in WORDS:
        word.add_to(words)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what the word says; its exit status."""
    return options.run(options, settings) or 0
