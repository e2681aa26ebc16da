"""Secrets at rest and in the code: stored as hashes only, compared in constant time, and in no process list."""

import ast
import io
import re
import shlex
from pathlib import Path

import pytest

from command_line import CommandLine, finish
from models import rights
from server import make_parser
from visitor import Visitor

HOME = Path(__file__).parent.parent
PASSWORD = "ninety nine red balloons"
SOURCE_SECRET = "a-twilio-auth-token-of-ours"


async def leave_secrets(house) -> dict[str, str]:
    """One of each kind, made the way that people and programs make them."""
    admin = await Visitor(house).sign_in()
    await admin.submit("/settings/users", email="sue@example.com", role="supervisor", password=PASSWORD)
    made = await admin.submit("/settings/users", email="bob@example.com", role="supervisor", password="")
    shown = await admin.submit("/settings/keys", name="crm", scopes="read", expires="")
    await admin.submit("/settings/sources", kind="twilio", assistant="1", secret=SOURCE_SECRET)
    sue = await Visitor(house).sign_in("sue@example.com", PASSWORD)
    grant = await house.store.read(rights.session_grant, house.clock(), sue.cookies["callboard_session"])
    return {
        "a password": PASSWORD,
        "a password that was made": made.part("secret"),
        "a key": shown.part("secret"),
        "the first key": house.key,
        "a session": sue.cookies["callboard_session"],
        "a ticket": await house.store.write(rights.create_ticket, house.clock(), grant, "CA1"),
        "the set-up code": house.services.set_up.code,
    }


async def test_the_database_holds_no_secret_in_clear_but_those_of_sources(house, sqlite_url):
    secrets = await leave_secrets(house)
    files = read_files(Path(sqlite_url.removeprefix("sqlite:///")).parent)
    assert files["board.db"] and files["board.db-wal"]
    data = b"".join(files.values())
    for what, secret in secrets.items():
        assert secret.encode() not in data, what
    random_part = secrets["a key"].rpartition("_")[2]
    assert len(random_part) >= 20 and random_part.encode() not in data, "nor without what shows its kind"
    assert rights.hashed(secrets["a key"]).encode() in data, "this search finds what is there"
    assert SOURCE_SECRET.encode() in data, "docs/security.md says so: signatures cannot be checked without it"


def read_files(folder: Path) -> dict[str, bytes]:
    """What the server has written there: the database, its log, whatever else."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


async def test_postgresql_holds_no_secret_in_clear_but_those_of_sources(either_house):
    house = either_house
    secrets = await leave_secrets(house)

    def everything(db) -> str:
        return repr([db.execute_sql(f'SELECT * FROM "{table}"').fetchall() for table in db.get_tables()])

    stored = await house.store.read(everything)
    assert not [what for what, secret in secrets.items() if secret in stored]
    assert rights.hashed(secrets["a key"]) in stored and SOURCE_SECRET in stored


def test_who_finds_the_database_file_may_not_read_it_where_only_its_owner_may(sqlite_url):
    """SQLite gives the files beside the database the permissions of the database."""
    line = CommandLine(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.touch(0o600)
    with line.serving():
        files = sorted(path.parent.glob("board.db*"))
        assert len(files) > 2 and all(file.stat().st_mode & 0o077 == 0 for file in files), files


SECRET_WORDS = re.compile(r"hash|digest|signature|secret|token|password|(^|_)code$")
PLAIN = {  # comparisons that tell nobody anything by the time they take
    "tables.Session.token_hash == hashed(token)": "a condition of the database's, on an index of hashes",
    "form.secret('password_again') != password": "two fields of one form",
}


def comparisons() -> list[str]:
    """Every == and != in the product with something secret on one side."""
    found = []
    for folder in ("models", "handlers", "sources", "hub", "commands"):
        for file in sorted((HOME / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                    sides = [node.left, *node.comparators]
                    if not any(isinstance(side, ast.Constant) for side in sides) and any(map(is_secret_name, sides)):
                        found.append(ast.unparse(node))
    return found


def is_secret_name(side: ast.expr) -> bool:
    name = side.func if isinstance(side, ast.Call) else side
    last = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
    return bool(SECRET_WORDS.search(last))


def test_secrets_are_compared_in_constant_time_or_not_at_all():
    """PLAIN, all of which the search finds, are those where time is no matter."""
    assert set(comparisons()) == set(PLAIN), "use hmac.compare_digest"


def test_whatever_is_checked_against_a_secret_is_checked_by_compare_digest_or_argon2():
    for file, count in (("models/rights.py", 1), ("handlers/set_up_code.py", 1), ("sources/twilio_signature.py", 2)):
        calls = [node for node in ast.walk(ast.parse((HOME / file).read_text())) if isinstance(node, ast.Call)]
        assert sum(ast.unparse(call.func) == "hmac.compare_digest" for call in calls) >= count, file
    assert "_hasher.verify(" in (HOME / "models/accounts.py").read_text()


# ── process lists ────────────────────────────────────────────────────────────────────────────────────────────


def documented_commands() -> list[list[str]]:
    """The arguments of every `server.py …` in the documentation and in the command line's own help."""
    texts = [file.read_text() for file in (HOME / "README.md", *sorted((HOME / "docs").glob("*.md")))]
    texts += [
        node.value
        for file in (HOME / "commands").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "server.py" in node.value
    ]
    lines = "\n".join(texts).replace("\\\n", " ").splitlines()
    found = [re.search(r"(?:server\.py|dist/callboard) +([a-z][^`|]*)", line) for line in lines]
    return [_words(match[1]) for match in found if match]


def _words(text: str) -> list[str]:
    reader = shlex.shlex(io.StringIO(text), posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.quotes = True, '"'
    return list(reader)


def test_no_documented_command_has_a_secret_among_its_arguments():
    commands = documented_commands()
    assert len(commands) > 25
    for words in commands:
        for flag, value in zip(words, [*words[1:], ""], strict=True):
            if flag in ("--password", "--secret", "--token"):
                assert value == "-", words
            assert not re.match(r"--(password|secret|token)=", flag), words
            assert not re.search(r"cb_\w{8}_|tk_\w|://[^/ ]*:[^/ ]*@", flag), words


def test_every_flag_that_takes_a_secret_says_how_to_keep_it_out_of_the_arguments():
    found = 0
    words = next(action for action in make_parser()._actions if action.choices).choices.values()
    parsers = list(words)
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action.choices, dict):
                parsers += action.choices.values()
            if set(action.option_strings) & {"--password", "--secret", "--token"}:
                found += 1
                assert "- reads" in action.help and "CALLBOARD_" in action.help
    assert found == 4  # user create, source create, watch, replay


def test_a_secret_from_standard_input_or_the_environment_is_in_no_process_list(sqlite_url):
    line = CommandLine(sqlite_url)
    line.do("organization", "create", "Acme")
    words = ("user", "create", "ann@acme.example", "--organization", "Acme", "--role", "admin", "--password", "-")
    process = line.start(*words, CALLBOARD_SECRET=SOURCE_SECRET)
    listed = Path(f"/proc/{process.pid}/cmdline")
    if not listed.exists():
        finish(process, PASSWORD + "\n")
        pytest.skip("no /proc here")
    while b"create" not in (shown := listed.read_bytes().split(b"\0")):  # for a moment after its start it has none yet
        assert process.poll() is None
    outcome = finish(process, PASSWORD + "\n")
    assert outcome.status == 0 and PASSWORD not in outcome.out + outcome.err
    assert PASSWORD.encode() not in shown and SOURCE_SECRET.encode() not in shown


def test_a_server_shows_no_secret_in_the_process_list(sqlite_url):
    server = CommandLine(sqlite_url).start("serve", "--port", "0", CALLBOARD_SECRET=SOURCE_SECRET)
    try:
        assert server.stdout.readline().startswith(b"Callboard is on ")
        code = server.stdout.readline().decode().split()[-1]
        shown = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
    finally:
        server.terminate()
        outcome = finish(server)
    assert "serve" in shown and SOURCE_SECRET not in shown and code not in shown and "board.db" not in shown
    assert code not in outcome.err
