"""Variables of the environment that look like settings and are none: most are misspelt."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from settings import FIELDS, FILE, PREFIX

NO_SETTINGS = {  # without PREFIX: what is read elsewhere, by commands, by the examples of the docs, by tests
    *("HTTP_URL", "KEY", "PASSWORD", "SECRET", "TOKEN", "URL"),
    *("MACHINE_EXAMPLES", "SCHEMATHESIS_EXAMPLES", "SHARED", "TEST_PICTURES", "TEST_POSTGRES_URL"),
}


def strays(environment: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable that begins as ours do and that nobody reads. Its value may be a secret: not told."""
    known = {field.name.upper() + end for field in FIELDS for end in ("", FILE)}
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and name not in known | NO_SETTINGS:
            nearest = get_close_matches(name.upper(), known, 1)
            meant = f"; did you mean {PREFIX}{nearest[0]}?" if nearest else ""
            yield f"{variable} is no setting and is ignored{meant}"
