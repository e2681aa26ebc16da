"""`source create`."""

import sys
from urllib.parse import urlsplit

from commands.parser import add_command, add_family, name, on_database
from commands.secret import read_secret
from models import assistants
from models import sources as source_rows
from models.accounts import organization_id
from models.audit import AuditEntry, by_command_line, recorded
from models.database import administered
from models.store import wall_clock
from sources import KINDS, twilio

HERE = ("localhost", "127.0.0.1", "::1")


def add_to(words) -> None:
    family = add_family(words, "source", "provider accounts that feed calls")
    create = add_command(
        family,
        "create",
        run_create,
        "make a webhook address for a provider",
        says="Make an address that a provider posts an assistant's calls to. Prints what to tell the provider,\n"
        "and last the address, which lies under CALLBOARD_PUBLIC_URL.",
        example="CALLBOARD_SECRET=$TWILIO_AUTH_TOKEN CALLBOARD_PUBLIC_URL=https://calls.harper.example \\\n"
        '    python server.py source create twilio --organization Harper --assistant "Front desk"',
    )
    create.add_argument("kind", metavar="KIND", choices=sorted(KINDS), help=f"the provider: {', '.join(sorted(KINDS))}")
    create.add_argument("--assistant", metavar="NAME", type=name, required=True, help="who answers these calls")
    create.add_argument("--organization", metavar="NAME", type=name, required=True, help="whose assistant that is")
    text = "what the provider signs with (Twilio: the Auth Token); - reads standard input, else CALLBOARD_SECRET"
    create.add_argument("--secret", help=text)
    create.add_argument("--account", metavar="ID", type=name, help="refuse events of another account of the provider")
    on_database(create, "public_url")


def run_create(options, settings) -> None:
    secret = read_secret("--secret", options.secret, "CALLBOARD_SECRET")
    with administered(settings.database_url) as db:
        organization = organization_id(db, options.organization)
        assistant, _ = assistants.find(db, organization, options.assistant)
        now, kind, account = wall_clock(), options.kind, options.account

        def entry(endpoint: str) -> AuditEntry:
            made = source_rows.by_endpoint(db, kind, endpoint).id
            return by_command_line(now, organization, "source.created", str(made), provider=kind, account=account)

        endpoint = recorded(db, entry, source_rows.create, now, organization, assistant, kind, secret, account)
    if secret is None:
        print("Without --secret nothing is verified: whoever learns the address can post calls to it.", file=sys.stderr)
    url = f"{settings.public_url}/webhooks/{options.kind}/{endpoint}"
    if urlsplit(url).hostname in HERE:
        print("No provider reaches this address: CALLBOARD_PUBLIC_URL should name a public one.", file=sys.stderr)
    if options.kind == "twilio":
        print("TwiML to begin a call's transcription with:\n")
        print(twilio.twiml(url))
        print("The address, also to give as the call's StatusCallback (events: answered, completed):")
    print(url)
