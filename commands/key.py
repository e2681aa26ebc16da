"""`key create`, `key list`, `key revoke`."""

import argparse
import sys

from commands.parser import add_command, add_family, name, on_database
from commands.secret import read_secret
from events import SECOND, rfc3339
from models import keys, rights
from models.accounts import user_by_email
from models.audit import AuditEntry, by_command_line, recorded
from models.database import administered
from models.rights import KeyRow
from models.store import wall_clock

DAY = 86_400 * SECOND
MAX_DAYS = 36_500


def add_to(words) -> None:
    family = add_family(words, "key", "API keys, for programs")
    create = add_command(
        family,
        "create",
        run_create,
        "make an API key",
        says="Make an API key, which acts for a user within its scopes: read watches calls, ingest feeds them,\n"
        "admin reads what only administrators may. Prints last the key, which nothing shows again.",
        example="python server.py key create --user ann@harper.example --name crm --scopes read,ingest --expires 90",
    )
    create.add_argument("--user", metavar="EMAIL", type=name, required=True, help="for whom the key acts")
    create.add_argument("--name", metavar="N", type=name, required=True, help="what it is for, to know it in the list")
    text = f"what it may do, of {', '.join(rights.SCOPES)}, with commas between"
    create.add_argument("--scopes", type=_scopes, required=True, help=text)
    create.add_argument("--expires", metavar="DAYS", type=_days, help="days until it ends; without it it never does")
    on_database(create)

    listing = add_command(
        family,
        "list",
        run_list,
        "list the API keys",
        says="List the API keys, newest first: prefix, state, scopes, last use, user, organisation and name,\n"
        "with tabs between. The keys themselves are not stored.",
        example="python server.py key list",
    )
    on_database(listing)

    revoke = add_command(
        family,
        "revoke",
        run_revoke,
        "end an API key",
        says="End an API key: what is open with it closes within a second. Prints its prefix last.",
        example="python server.py key revoke cb_ab12CD34\npass show crm-key | python server.py key revoke -",
    )
    revoke.add_argument("key", metavar="PREFIX_OR_KEY", help="its prefix, or the key; - reads it from standard input")
    on_database(revoke)


def run_create(options, settings) -> None:
    now = wall_clock()
    expires_at = now + options.expires * DAY if options.expires else None
    with administered(settings.database_url) as db:
        user = user_by_email(db, options.user)

        def entry(key: str) -> AuditEntry:
            detail = {"name": options.name, "scopes": ",".join(options.scopes), "expires": rfc3339(expires_at)}
            return by_command_line(now, user.organization_id, "key.created", rights.prefix_of(key), **detail)

        key = recorded(db, entry, rights.create_key, now, user.id, options.name, options.scopes, expires_at)
    print(
        f"Made the key {options.name} of {user.email}, for {', '.join(sorted(options.scopes))}. Only now it is shown:"
    )
    print(key)


def run_list(options, settings) -> None:
    with administered(settings.database_url) as db:
        found = rights.keys(db)
    if not found:
        print("There are no keys.", file=sys.stderr)
    for key in found:
        used = f"used {rfc3339(key.last_used_at)}" if key.last_used_at else "never used"
        print(key.prefix, _state(key, wall_clock()), key.scopes, used, key.email, key.organization, key.name, sep="\t")


def run_revoke(options, settings) -> None:
    key = read_secret("PREFIX_OR_KEY", options.key)
    with administered(settings.database_url) as db:
        now = wall_clock()

        def entry(prefix: str) -> AuditEntry:
            return by_command_line(now, keys.organization_of(db, prefix), "key.revoked", prefix)

        prefix = recorded(db, entry, rights.revoke_key, now, key)
    print(f"Revoked the key:\n{prefix}")


def _state(key: KeyRow, now: int) -> str:
    if key.revoked_at is not None:
        return f"revoked {rfc3339(key.revoked_at)}"
    if key.expires_at is None:
        return "active"
    return f"{'expired' if key.expires_at <= now else 'expires'} {rfc3339(key.expires_at)}"


def _scopes(text: str) -> list[str]:
    scopes = [scope.strip() for scope in text.split(",")]
    if unknown := [scope for scope in scopes if scope not in rights.SCOPES]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!a} is none of {', '.join(rights.SCOPES)}")
    return sorted(set(scopes))


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MAX_DAYS):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MAX_DAYS}, not {text!a}")
    return int(text)
