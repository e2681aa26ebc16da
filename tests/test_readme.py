"""README.md is true of the code."""

import re
from pathlib import Path

from settings import FIELDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def settings_table() -> str:
    rows = ["| flag | variable | default | meaning |", "|---|---|---|---|"]
    for field in FIELDS:
        default = f"`{field.default}`" if field.default else ""
        rows.append(f"| `{field.flag}` | `{field.variable}` | {default} | {field.help} |")
    return "\n".join(rows)


def test_the_settings_table_is_that_of_the_settings():
    table = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- /settings -->", README, re.DOTALL).group(1)
    assert table == settings_table()


def test_the_map_names_what_is_there():
    named = re.findall(r"^([a-z_]+(?:\.py|/))", README.split("## The map")[1], re.MULTILINE)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target
