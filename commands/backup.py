"""`backup`, `restore`, `new-epoch`: copies of the database, and what makes a restored one another log."""

from pathlib import Path

from commands.parser import add_command, on_database
from commands.progress import Progress, add_quiet
from events import Refused
from models import backup
from models.database import administered, serving, sqlite_path


def add_to(words) -> None:
    command = add_command(
        words,
        "backup",
        run_backup,
        "copy the database while it is used",
        says="Copy a SQLite database into one file, as it is at this moment, also while a server runs on it. The file\n"
        "is for this account's eyes only, and nothing is overwritten. Ctrl-C leaves nothing behind. Prints the\n"
        "file last. For PostgreSQL there is pg_dump.",
        example="python server.py backup /var/backups/board-$(date +%F).db",
    )
    command.add_argument("file", metavar="FILE", type=Path, help="the copy to be made")
    add_quiet(command)
    on_database(command)

    command = add_command(
        words,
        "restore",
        run_restore,
        "put a copy in the database's place",
        says="Put a copy that `backup` made where --database-url says, as another log: whoever was watching before is\n"
        "told so and begins anew. Nothing is overwritten: move the old files away first. Prints the new epoch\n"
        "last. For PostgreSQL there is pg_restore, and `new-epoch` after it.",
        example="python server.py restore /var/backups/board-2026-11-22.db",
    )
    command.add_argument("file", metavar="FILE", type=Path, help="the copy")
    add_quiet(command)
    on_database(command)

    command = add_command(
        words,
        "new-epoch",
        run_new_epoch,
        "make a restored database another log",
        says="Make the database another log, after it was restored by other means than `restore` and before a server\n"
        "runs on it: whoever was watching before is told so and begins anew. Prints the new epoch last.",
        example="python server.py new-epoch",
    )
    on_database(command)


def run_backup(options, settings) -> None:
    path = _file(
        settings.database_url, 'backup copies SQLite files; here: pg_dump -Fc -f FILE "$CALLBOARD_DATABASE_URL"'
    )
    with Progress("Backing up", is_quiet=options.quiet) as progress:
        size = backup.back_up(path, options.file, progress.reach)
    print(f"Backed up {size / 1e6:.1f} MB:\n{options.file}")


def run_restore(options, settings) -> None:
    says = 'restore takes SQLite files; here: pg_restore -d "$CALLBOARD_DATABASE_URL" FILE, then server.py new-epoch'
    path = _file(settings.database_url, says)
    with serving(settings.database_url), Progress("Restoring", is_quiet=options.quiet) as progress:
        epoch = backup.restore(options.file, path, progress.reach)
    print(f"Restored {path}, as the log with the epoch:\n{epoch}")


def run_new_epoch(options, settings) -> None:
    with administered(settings.database_url) as db, serving(settings.database_url):
        epoch = backup.renew_epoch(db)
    print(f"This is another log now, with the epoch:\n{epoch}")


def _file(database_url: str, otherwise: str) -> str:
    path = sqlite_path(database_url)
    if path is None:
        raise Refused("not_sqlite", otherwise)
    return path
