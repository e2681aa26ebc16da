"""`user create`, `user deactivate`."""

from commands.parser import add_command, add_family, name, on_database
from commands.secret import read_secret
from models.accounts import ROLES, create_user, deactivate_user, generate_password, organization_id, organization_of
from models.audit import by_command_line, recorded
from models.database import administered
from models.store import wall_clock


def add_to(words) -> None:
    family = add_family(words, "user", "people who sign in")
    create = add_command(
        family,
        "create",
        run_create,
        "make a user",
        says="Make a user, who signs in with the e-mail and a password.\n"
        "Prints last the password if it was generated here, which nothing shows again; else the e-mail.",
        example="python server.py user create ann@harper.example --organization Harper --role supervisor\n"
        "pass show ann | python server.py user create ann@harper.example \\\n"
        "    --organization Harper --role supervisor --password -",
    )
    create.add_argument("email", metavar="EMAIL", type=name, help="the e-mail, which no other user has")
    create.add_argument("--organization", metavar="NAME", type=name, required=True, help="whose calls the user sees")
    create.add_argument("--role", choices=ROLES, required=True, help="what the user may do")
    text = "at least 8 characters; - reads it from standard input, else CALLBOARD_PASSWORD, else one is generated"
    create.add_argument("--password", help=text)
    on_database(create)

    deactivate = add_command(
        family,
        "deactivate",
        run_deactivate,
        "shut a user out",
        says="Shut a user out: sign-in, sessions and keys end, and what is open closes within a second.\n"
        "The last administrator of an organisation is not shut out. Prints the e-mail last.",
        example="python server.py user deactivate ann@harper.example",
    )
    deactivate.add_argument("email", metavar="EMAIL", type=name, help="the user's e-mail")
    on_database(deactivate)


def run_create(options, settings) -> None:
    given = read_secret("--password", options.password, "CALLBOARD_PASSWORD")
    password = given or generate_password()
    with administered(settings.database_url) as db:
        organization = organization_id(db, options.organization)
        now, email = wall_clock(), options.email.lower()
        entry = by_command_line(now, organization, "user.created", email, role=options.role)
        recorded(db, entry, create_user, now, organization, email, options.role, password)
    if given:
        print(f"Made the {options.role} of {options.organization}:\n{options.email.lower()}")
    else:
        print(f"Made the {options.role} {options.email.lower()} of {options.organization}, with the password:")
        print(password)


def run_deactivate(options, settings) -> None:
    with administered(settings.database_url) as db:
        email = options.email.lower()
        organization = organization_of(db, email)
        entry = by_command_line(wall_clock(), organization, "user.deactivated", email) if organization else None
        recorded(db, entry, deactivate_user, email)
    print(f"Deactivated the user:\n{options.email.lower()}")
