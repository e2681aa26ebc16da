"""`assistant create`."""

from commands.parser import add_command, add_family, name, on_database
from models import assistants
from models.accounts import organization_id
from models.audit import by_command_line, recorded
from models.database import administered
from models.store import wall_clock


def add_to(words) -> None:
    family = add_family(words, "assistant", "who answers an organisation's calls")
    create = add_command(
        family,
        "create",
        run_create,
        "make an assistant",
        says="Make an assistant, an AI or a team of people, that calls can belong to. Prints its number last.",
        example='python server.py assistant create "Front desk" --organization "Harper Valley"',
    )
    create.add_argument("name", metavar="NAME", type=name, help="what no other of the organisation's is called")
    create.add_argument("--organization", metavar="NAME", type=name, required=True, help="whose calls it answers")
    on_database(create)


def run_create(options, settings) -> None:
    with administered(settings.database_url) as db:
        now, organization = wall_clock(), organization_id(db, options.organization)
        entry = by_command_line(now, organization, "assistant.created", options.name)
        made = recorded(db, entry, assistants.create, now, organization, options.name)
    print(f"Made the assistant {options.name} of {options.organization}, number:\n{made}")
