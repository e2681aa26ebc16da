"""The words of the command line: one file each family, which knows its flags and what it does."""

import argparse
from importlib import import_module

from settings import Settings

# Only the file of the word that is asked for is imported: all of them together take a second.
FILES = {
    **dict.fromkeys(("serve", "run"), "serve"),
    **{
        word: word
        for word in ("organization", "user", "assistant", "key", "source", "watch", "replay", "setup", "demo")
    },
    **dict.fromkeys(("backup", "restore", "new-epoch"), "backup"),
    **dict.fromkeys(("erase", "compact"), "erase"),
    **{word: word for word in ("retention", "migrate")},
}


def add_words(words: argparse._SubParsersAction, wanted: str | None) -> None:
    """All words; or only those of the wanted one's file, if it is a word."""
    for file in dict.fromkeys([FILES[wanted]] if wanted in FILES else FILES.values()):
        import_module(f"commands.{file}").add_to(words)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what the word says; its exit status."""
    return options.run(options, settings) or 0
