"""The house's own rules: who may import whom, who owns which library, and how long a file may be."""

import ast
import re
from pathlib import Path

HOME = Path(__file__).parent.parent
# A layer imports only what stands before it; those in one tuple are blind to each other.
LAYERS = (
    ("events",),
    ("rules", "redaction", "exports", "measures", "documents", "metrics", "version"),
    ("sources", "models", "hub"),
    ("pipeline",),
    ("handlers",),
    ("settings",),
    ("serving",),
    ("commands",),
    ("server",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
OWNERS = {
    "peewee": {"models"},
    "playhouse": {"models"},
    "psycopg2": {"models"},
    "sqlite3": {"models"},
    "redis": {"hub"},
    "tornado": {"handlers", "commands", "serving"},
    "jinja2": {"handlers"},
    "argon2": {"models"},
    "markdown_it": {"documents"},
    "nacl": {"sources"},
    "re2": {"rules", "redaction"},
}
LONGEST = 250  # lines
SUFFIXES = {".py", ".js", ".css", ".html"}


def layer_files() -> list[Path]:
    found = [HOME / f"{name}.py" if (HOME / f"{name}.py").is_file() else HOME / name for name in RANK]
    return [file for path in found for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]


def own_files() -> list[Path]:
    folders = [HOME / name for name in ("static", "templates", "bench", "examples")]
    others = [path for folder in folders for path in folder.rglob("*") if path.suffix in SUFFIXES]
    return layer_files() + [path for path in others if "node_modules" not in path.parts]


def imported(file: Path) -> list[tuple[int, str]]:
    """Line and first name of every import, wherever in the file it stands."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.partition(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            name = layer_of(file) if node.level else node.module
            found.append((node.lineno, name.partition(".")[0]))
    return found


def layer_of(file: Path) -> str:
    return file.relative_to(HOME).parts[0].removesuffix(".py")


def test_every_layer_exists():
    assert {layer_of(file) for file in layer_files()} == set(RANK)


def test_a_layer_imports_only_what_stands_before_it():
    wrong = [
        f"{file.relative_to(HOME)}:{line} imports {name}"
        for file in layer_files()
        for line, name in imported(file)
        if name in RANK and name != layer_of(file) and RANK[name] >= RANK[layer_of(file)]
    ]
    assert not wrong, "\n".join(wrong)


def test_a_library_is_known_to_its_owners_only():
    wrong = [
        f"{file.relative_to(HOME)}:{line} imports {name}"
        for file in layer_files()
        for line, name in imported(file)
        if name in OWNERS and layer_of(file) not in OWNERS[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_file_is_short_and_leaves_nothing_to_do():
    long, undone = [], []
    for file in own_files():
        text = file.read_text()
        long += [f"{file.relative_to(HOME)}"] if len(text.splitlines()) > LONGEST else []
        undone += [f"{file.relative_to(HOME)}"] if re.search(r"\b(TODO|FIXME|XXX)\b", text) else []
    assert (long, undone) == ([], [])
