"""Callboard's command line. Its main job is the word `serve`, in commands/serve.py."""

import argparse
import os
import sys

try:
    if sys.version_info < (3, 11):  # noqa: UP036
        raise ModuleNotFoundError("Python 3.11 or newer is needed")
    import commands
    from commands.parser import Parser
    from events import Refused, Unavailable
    from handlers.log_lines import begin_log
    from models.database import AlreadyServed, DatabaseTooNew, DatabaseUnreachable
    from settings import SettingError, read_settings
    from version import full_version
except ModuleNotFoundError as lacking:
    how = "`make install` puts all that is needed into .venv, for .venv/bin/python server.py; `make run` runs it, too"
    print(f"{lacking}: {how}", file=sys.stderr)
    sys.exit(2)


class Version(argparse.Action):
    """Asks git for the commit only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        print(full_version())
        parser.exit()


def make_parser(wanted: str | None = None) -> Parser:
    """The whole command line; or, for a word that is wanted, as much as that needs."""
    name = "callboard" if getattr(sys, "frozen", False) else "server.py"  # frozen: the one file of `make binary`
    parser = Parser(prog=name, description="Callboard streams phone calls' transcripts live.")
    parser.add_argument("--version", action=Version, nargs=0, help="say which Callboard this is, and leave")
    words = parser.add_subparsers(metavar="WORD", required=True)
    commands.add_words(words, wanted)
    return parser


def main(arguments: list[str]) -> int:
    """Run one word of the command line; its exit status. 2 for a wrong word, flag or setting, said in one line."""
    options, unknown = make_parser(arguments[0] if arguments else None).parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized argument {unknown[0].partition('=')[0]!r}")  # after it may be a secret
    begin_log()
    try:
        status = commands.run(options, read_settings(options))
        print(end="", flush=True)  # so that a reader who has gone is noticed here
        return status
    except DatabaseUnreachable as problem:
        print(f"--database-url (CALLBOARD_DATABASE_URL): the database cannot be used: {problem}", file=sys.stderr)
    except (SettingError, Refused, AlreadyServed, DatabaseTooNew, Unavailable) as problem:
        print(problem, file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has gone; so that the interpreter's last flush doesn't complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 2


if __name__ == "__main__":
    os.umask(0o077)  # a database that is made here is for this account's eyes only
    sys.exit(main(sys.argv[1:]))
