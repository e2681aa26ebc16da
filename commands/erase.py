"""`erase` and `compact`: calls deleted on request, with every trace of them that is in our hands."""

import os
import sys
import time

from commands.parser import add_command, name, on_database
from commands.progress import Progress, add_quiet
from commands.secret import read_secret
from events import Refused
from models import audit, erasing, search_index
from models.accounts import organization_id
from models.audit import by_command_line
from models.compacting import compact, empty_log
from models.database import AlreadyServed, is_sqlite, opened, serving, sqlite_path, write_transaction
from models.store import wall_clock

# Rewriting this much takes some seconds, for which a server can store nothing; it takes its time for more only where
# somebody says so (`compact`).
COMPACTED_BESIDE_A_SERVER_BYTES = 256 << 20
PATIENCE_S = 30.0  # for a server to empty its log; it looks twice a second
CLEANED_PAGES = 256  # of the index in one transaction
REST_S = 0.01  # between two: a server's turn


def add_to(words) -> None:
    command = add_command(
        words,
        "erase",
        run_erase,
        "delete calls for good",
        says="Delete a call, or all calls from or to a number, with everything about them: words, notes, alerts, what\n"
        "search knows, and on SQLite what would be left in the file. What their providers still tell of them is\n"
        "refused. A server that runs notices within a second, and sends their viewers away. Copies that `backup`\n"
        "made are not changed. The audit log says how many there were. Prints last how many calls were erased.",
        example="python server.py erase --call CA123 --dry-run\n"
        'pass show number | python server.py erase --phone - --organization "Harper Valley" --yes',
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--call", metavar="SID", type=name, help="the call with this id, and those linked with it")
    text = "the calls from or to this number, and those linked with them; - reads it from standard input"
    which.add_argument("--phone", metavar="NUMBER", help=text)
    command.add_argument("--organization", metavar="NAME", type=name, help="of this organisation only")
    command.add_argument("--dry-run", action="store_true", help="only say which calls these are")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_quiet(command)
    on_database(command)

    command = add_command(
        words,
        "compact",
        run_compact,
        "rewrite a SQLite file without what was deleted",
        says="Rewrite a SQLite database, so that nothing of what was deleted is left in the index of search or in\n"
        "unused parts of the file. It needs as much room on the disk once more, and a server that runs can store\n"
        "nothing meanwhile. Prints the size last.",
        example="python server.py compact",
    )
    add_quiet(command)
    on_database(command)


def run_erase(options, settings) -> None:
    number = read_secret("--phone", options.phone)
    with opened(settings.database_url) as db:
        whose = organization_id(db, options.organization) if options.organization else None
        found = erasing.with_number(db, number, whose) if number else erasing.with_sid(db, options.call, whose)
        owners = erasing.organizations(db, found)
        if options.call and len(owners) > 1:
            raise Refused("ambiguous", "Several organisations have a call with this id: name one by --organization.")
        its = erasing.extent(db, found)
        entries = "1 entry" if its.entries == 1 else f"{its.entries} entries"
        print(f"{_calls(len(found))}, {entries}{f', {its.running} running' if its.running else ''}")
        if options.dry_run or not found:
            print(*its.call_sids or ["Nothing is to be erased."], sep="\n")
            return
        if not options.yes:
            _confirm(len(found))
        try:
            erased = _erase(db, owners, options)
            if is_sqlite(db):
                _clean(db, settings.database_url, options.quiet)
        except KeyboardInterrupt:
            _note("Stopped. Erase once more what is left; `compact` takes traces of what has gone out of the file.")
            raise
        if not is_sqlite(db):
            print("PostgreSQL keeps deleted rows until VACUUM, and words in its index until REINDEX: see docs/data.md.")
    print(f"Erased {_calls(erased)}.")


def _erase(db, owners: dict[int, list[int]], options) -> int:
    """One call in each transaction; however it ends, the audit log has how many were erased."""
    total, erased = sum(map(len, owners.values())), 0
    with Progress("Erasing", is_quiet=options.quiet) as progress:
        for owner, ids in owners.items():
            its = 0
            try:
                for id_ in ids:
                    progress.reach(erased + its, total)
                    with write_transaction(db):
                        its += erasing.erase(db, wall_clock(), [id_])
            finally:
                action = "call.erased" if options.call else "calls.erased"
                db.connection().rollback()  # a transaction that was stopped while it began
                with write_transaction(db):
                    audit.add(db, [by_command_line(wall_clock(), owner, action, options.call, calls=its)])
                erased += its
    return erased


def _clean(db, database_url: str, is_quiet: bool) -> None:
    """What would be left of the calls in the index, the file and its log."""
    _clean_index(db, is_quiet)
    try:
        with serving(database_url):
            _compact(db, is_quiet)
            empty_log(db)
            return
    except AlreadyServed:
        pass
    if os.path.getsize(sqlite_path(database_url)) <= COMPACTED_BESIDE_A_SERVER_BYTES:
        _compact(db, is_quiet)
    else:
        _note("Traces may be left in unused parts of the file until `compact`, which a server has to wait for.")
    with write_transaction(db):
        erasing.changed(db)
        version = erasing.state(db).version
    until = time.monotonic() + PATIENCE_S
    with Progress("Waiting for the server to empty its log", is_quiet=is_quiet) as progress:
        while erasing.state(db).cleaned < version:
            if time.monotonic() > until:
                progress.note("The server has not emptied its log yet: somebody reads for long. It goes on trying.")
                return
            progress.reach(0)
            time.sleep(0.1)


def _clean_index(db, is_quiet: bool) -> None:
    with Progress("Cleaning the search index", is_quiet=is_quiet) as progress:
        with write_transaction(db):
            search_index.begin_cleaning(db)
        is_clean = False
        while not is_clean:
            with write_transaction(db):
                is_clean = search_index.clean(db, CLEANED_PAGES)
            progress.reach(0)
            time.sleep(REST_S)


def run_compact(options, settings) -> None:
    path = sqlite_path(settings.database_url)
    if path is None:
        raise Refused("not_sqlite", "compact is for SQLite files; PostgreSQL has VACUUM FULL (docs/data.md).")
    with opened(settings.database_url) as db:
        _clean_index(db, options.quiet)
        _compact(db, options.quiet)
        try:
            with serving(settings.database_url):
                empty_log(db)
        except AlreadyServed:
            with write_transaction(db):
                erasing.changed(db)
    print(f"Compacted:\n{os.path.getsize(path)}")


def _compact(db, is_quiet: bool) -> None:
    with Progress("Rewriting the file", is_quiet=is_quiet) as progress:
        compact(db, lambda: progress.reach(0))


def _confirm(many: int) -> None:
    if not sys.stdin.isatty():
        raise Refused("not_confirmed", "Nothing was erased: --yes says that it is meant.")
    if input(f"Erase {_calls(many)} for good? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("not_confirmed", "Nothing was erased.")


def _calls(many: int) -> str:
    return "1 call" if many == 1 else f"{many} calls"


def _note(text: str) -> None:
    print(text, file=sys.stderr)
