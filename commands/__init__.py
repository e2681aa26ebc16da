"""The words of the command line besides `serve`: one file each."""

import argparse

from settings import Settings


def add_words(words: argparse._SubParsersAction) -> None: ...


def run(options: argparse.Namespace, settings: Settings) -> int:
    return options.run(options, settings)
