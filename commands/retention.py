"""`retention show`, `retention set`: how long organisations keep their ended calls."""

import argparse

from commands.parser import add_command, add_family, name, on_database
from models import accounts, audit, retention
from models.audit import by_command_line
from models.database import administered
from models.store import wall_clock

FOREVER = "forever"


def add_to(words) -> None:
    family = add_family(words, "retention", "how long ended calls are kept")
    show = add_command(
        family,
        "show",
        run_show,
        "show it for every organisation",
        says="Print days (or `forever`), calls deleted in the last round, how it went, and the organisation, with\n"
        "tabs between.",
        example="python server.py retention show",
    )
    on_database(show)
    keep = add_command(
        family,
        "set",
        run_set,
        "set it for an organisation",
        says="Have a server delete the organisation's ended calls once they are older than so many days, with\n"
        "everything about them. It looks once an hour. `forever` deletes nothing. Prints last what counts now.",
        example='python server.py retention set 90 --organization "Harper Valley"',
    )
    text = f"days from a call's end, 1 to {retention.MOST_DAYS}; or {FOREVER}"
    keep.add_argument("days", metavar="DAYS", type=_days, help=text)
    keep.add_argument("--organization", metavar="NAME", type=name, required=True, help="whose calls")
    on_database(keep)


def run_show(options, settings) -> None:
    with administered(settings.database_url) as db:
        for whose, rule in retention.everyones(db):
            state = "never run" if rule.ran_at is None else rule.problem or ("behind" if rule.is_behind else "done")
            print(rule.days or FOREVER, rule.deleted, state, whose, sep="\t")


def run_set(options, settings) -> None:
    days = None if options.days == FOREVER else options.days
    with administered(settings.database_url) as db:
        organization = accounts.organization_id(db, options.organization)
        entry = by_command_line(wall_clock(), organization, "retention.changed", days=options.days)
        audit.recorded(db, entry, retention.keep, organization, days)
    print(f"Ended calls are kept for days:\n{options.days}")


def _days(text: str) -> int | str:
    if text == FOREVER:
        return text
    if not text.isdecimal() or not 1 <= int(text) <= retention.MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {retention.MOST_DAYS}, or {FOREVER}")
    return int(text)
