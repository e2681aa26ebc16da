"""`organization create`."""

from commands.parser import add_command, add_family, name, on_database
from models.accounts import create_organization
from models.audit import AuditEntry, by_command_line, recorded
from models.database import administered
from models.store import wall_clock


def add_to(words) -> None:
    family = add_family(words, "organization", "who has calls, assistants and people of their own")
    create = add_command(
        family,
        "create",
        run_create,
        "make an organisation",
        says="Make an organisation. Its people see its calls and no others. Prints its number last.",
        example='python server.py organization create "Harper Valley"',
    )
    create.add_argument("name", metavar="NAME", type=name, help="what no other organisation is called")
    on_database(create)


def run_create(options, settings) -> None:
    with administered(settings.database_url, makes=True) as db:
        now, named = wall_clock(), options.name

        def entry(organization: int) -> AuditEntry:
            return by_command_line(now, organization, "organization.created", named)

        made = recorded(db, entry, create_organization, now, named)
    print(f"Made the organisation {options.name}, number:\n{made}")
