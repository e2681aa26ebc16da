"""`migrate`: the database brought up to date, as `serve` does it when it starts."""

from commands.parser import add_command, on_database
from commands.progress import Progress, add_quiet
from models.database import migrate, open_database, reachable, serving


def add_to(words) -> None:
    command = add_command(
        words,
        "migrate",
        run,
        "bring the database up to date",
        says="Bring the database up to date, which every word does that opens it, and show how far it is. All of it\n"
        "is done or nothing: Ctrl-C leaves the database as it was. Prints last how many steps there were.",
        example="python server.py migrate",
    )
    add_quiet(command)
    on_database(command)


def run(options, settings) -> None:
    print(f"Migrated:\n{bring_up_to_date(settings.database_url, is_quiet=options.quiet)}")


def before_serving(database_url: str) -> None:
    """As `migrate`, for who is about to serve. Raises AlreadyServed, DatabaseTooNew, DatabaseUnreachable."""
    with serving(database_url):
        bring_up_to_date(database_url)


def bring_up_to_date(database_url: str, *, is_quiet: bool = False) -> int:
    """How many steps it took. Raises DatabaseTooNew, DatabaseUnreachable."""
    with reachable(database_url), Progress("Migrating the database", is_quiet=is_quiet) as progress:
        db = open_database(database_url)
        with db.connection_context():
            return len(migrate(db, progress.reach))
