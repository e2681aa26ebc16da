"""`source create`."""

import argparse
import sys
from urllib.parse import urlsplit

from commands.parser import add_command, add_family, name, on_database
from commands.secret import read_secret
from events import Refused
from handlers.source_kinds import SOURCE_KINDS, config_of, settings_of
from models import assistants
from models import sources as source_rows
from models.accounts import organization_id
from models.audit import AuditEntry, by_command_line, recorded
from models.database import administered
from models.store import wall_clock
from settings import SettingError
from sources import KINDS

HERE = ("localhost", "127.0.0.1", "::1")


def add_to(words) -> None:
    family = add_family(words, "source", "provider accounts that feed calls")
    create = add_command(
        family,
        "create",
        run_create,
        "make a webhook address for a provider",
        says="Make an address that a provider posts an assistant's calls to. Prints what to tell the provider,\n"
        f"and last the address, which lies under CALLBOARD_PUBLIC_URL.\n\n{_kinds()}",
        example="CALLBOARD_SECRET=$TWILIO_AUTH_TOKEN CALLBOARD_PUBLIC_URL=https://calls.harper.example \\\n"
        '    python server.py source create twilio --organization Harper --assistant "Front desk"',
    )
    create.add_argument("kind", metavar="KIND", choices=sorted(KINDS), help=f"the provider: {', '.join(sorted(KINDS))}")
    create.add_argument("--assistant", metavar="NAME", type=name, required=True, help="who answers these calls")
    create.add_argument("--organization", metavar="NAME", type=name, required=True, help="whose assistant that is")
    text = "what the provider signs or names itself with; - reads standard input, else CALLBOARD_SECRET"
    create.add_argument("--secret", help=text)
    create.add_argument("--account", metavar="ID", type=name, help="refuse events of another account of the provider")
    text = "a setting of this kind; can be given several times"
    create.add_argument("--set", metavar="NAME=VALUE", type=_setting, action="append", default=[], help=text)
    on_database(create, "public_url")


def run_create(options, settings) -> None:
    secret = read_secret("--secret", options.secret, "CALLBOARD_SECRET")
    if options.account and SOURCE_KINDS[options.kind].account is None:
        raise SettingError(f"--account: what {SOURCE_KINDS[options.kind].name} sends does not tell an account")
    config = _config(options.kind, options.set)
    with administered(settings.database_url) as db:
        organization = organization_id(db, options.organization)
        assistant, _ = assistants.find(db, organization, options.assistant)
        now, kind, account = wall_clock(), options.kind, options.account

        def entry(endpoint: str) -> AuditEntry:
            made = source_rows.by_endpoint(db, kind, endpoint).id
            return by_command_line(now, organization, "source.created", str(made), provider=kind, account=account)

        endpoint = recorded(db, entry, source_rows.create, now, organization, assistant, kind, secret, account, config)
    if secret is None:
        print("Without --secret nothing is verified: whoever learns the address can post calls to it.", file=sys.stderr)
    url = f"{settings.public_url}/webhooks/{options.kind}/{endpoint}"
    if urlsplit(url).hostname in HERE:
        print("No provider reaches this address: CALLBOARD_PUBLIC_URL should name a public one.", file=sys.stderr)
    kind = SOURCE_KINDS[options.kind]
    print(f"{kind.pasted}:\n\n{kind.paste(url)}\n")
    print(kind.address)
    print(f"{url}?{kind.query}" if kind.query else url)


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, and {text!a} is not")
    return name, value


def _config(kind: str, given: list[tuple[str, str]]) -> str:
    try:
        return config_of(kind, dict(given))
    except Refused as refused:
        raise SettingError(f"--set: {refused.message}") from None


def _kinds() -> str:
    """What there is to know of each kind, in lines."""
    lines = []
    for word, kind in SOURCE_KINDS.items():
        account = f", account: {kind.account}" if kind.account else ""
        lines.append(f"{word}: secret: {kind.secret}{account}")
        for setting in settings_of(word):
            values = " or ".join(value for value, _ in setting.choices) or "a text"
            lines.append(f"  --set {setting.name}={setting.value}: {setting.label}; {values}")
    return "\n".join(lines)
