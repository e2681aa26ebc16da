"""`setup`: what an empty database needs before anyone can use it."""

from commands.parser import add_command, on_database
from events import Refused
from models import assistants, rights
from models.accounts import create_organization, create_user, generate_password, has_users, organization_id
from models.audit import add, by_command_line
from models.database import administered
from models.store import wall_clock

ORGANIZATION, EMAIL = "Callboard", "admin@localhost"
KEY_NAME, SCOPES = "first key", ["ingest", "read"]


def add_to(words) -> None:
    setup = add_command(
        words,
        "setup",
        run,
        "fill an empty database, once",
        says="Make an organisation, an administrator, an assistant and an API key, and print address, sign-in and\n"
        "key, which nothing shows again. Where there are users already it does nothing and says nothing.\n"
        "`make run` calls it.",
        example="python server.py setup && python server.py serve",
    )
    on_database(setup, "public_url")


def run(options, settings) -> None:
    password = generate_password()
    with administered(settings.database_url, makes=True) as db:
        if has_users(db):
            return
        now = wall_clock()
        try:
            organization = organization_id(db, ORGANIZATION)
        except Refused:
            organization = create_organization(db, now, ORGANIZATION)
        assistants.default(db, now, organization)
        user = create_user(db, now, organization, EMAIL, "admin", password)
        key = rights.create_key(db, now, user, KEY_NAME, SCOPES, None)
        prefix, scopes = rights.prefix_of(key), ",".join(SCOPES)
        made_user = by_command_line(now, organization, "user.created", EMAIL, role="admin", organization=ORGANIZATION)
        made_key = by_command_line(now, organization, "key.created", prefix, name=KEY_NAME, scopes=scopes)
        add(db, [made_user, made_key])
    print("This is shown once:")
    print(f"  address   {settings.public_url}")
    print(f"  e-mail    {EMAIL}")
    print(f"  password  {password}")
    print("  and a key for programs, which reads and ingests:")
    print(key)
