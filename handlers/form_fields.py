"""The fields of a posted form: read, checked, and given back with what is wrong beside each."""

import unicodedata
from collections.abc import Callable
from functools import partial
from math import inf, isfinite
from typing import Any

from tornado.web import RequestHandler

from events import Refused
from handlers.passwords import Passwords
from models import Store

NAME_CHARS = 255
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, undecodable bytes, line breaks


class Form:
    """Values as typed and errors by field name, in the order of the checks: the first is where the reader goes.

    What is wrong with no field in particular stands under "form".
    """

    def __init__(self, handler: RequestHandler | None = None, defaults: dict[str, str] | None = None):
        self._handler = handler
        self._values = dict(defaults or {})
        self.errors: dict[str, str] = {}

    def value(self, name: str) -> str:
        return self._values.get(name, "")

    def has(self, name: str, choice: str) -> bool:
        """Whether this one was chosen, of a field with several."""
        return choice in self._values.get(name, "").split(",")

    def is_first(self, name: str) -> bool:
        return next(iter(self.errors), None) == name

    async def submit(self, store: Store, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The result of `work(db, *args, **options)`, written; None where the form has errors, or now gets one because
        the work is refused. Raises Refused, `not_found`, for what is not there at all."""
        if self.errors:
            return None
        try:
            return await store.write(partial(work, **options), *args)
        except Refused as refused:
            if refused.code == "not_found":
                raise
            self.errors[refused.field or "form"] = refused.message
            return None

    async def hashed(self, passwords: Passwords, password: str) -> str:
        """What is stored of the password, where nothing is wrong with the form so far."""
        try:
            return "" if self.errors else await passwords.hashed(password)
        except Refused as refused:
            self.errors[refused.field or "form"] = refused.message
            return ""

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def line(self, name: str, missing: str, *, longest: int = NAME_CHARS, is_optional: bool = False) -> str:
        """A line of text without the blanks around it; `missing` is what to say where there is none."""
        text = self._values[name] = self._handler.get_body_argument(name, "")
        if not text and not is_optional:
            self.errors[name] = missing
        elif len(text) > longest:
            self.errors[name] = f"At most {longest} characters, and this is {len(text)}."
        elif any(unicodedata.category(c) in _UNWRITABLE for c in text):
            self.errors[name] = "This holds characters that cannot be shown, such as a line break."
        return text

    def lines(self, name: str, *, longest: int) -> str:
        """Text of several lines, which may be empty."""
        text = self._handler.get_body_argument(name, "").replace("\r\n", "\n")
        self._values[name] = text
        if len(text) > longest:
            self.errors[name] = f"At most {longest} characters, and this is {len(text)}."
        elif any(unicodedata.category(c) in _UNWRITABLE for c in text if c != "\n"):
            self.errors[name] = "This holds characters that cannot be shown."
        return text

    def number(self, name: str) -> float | None:
        """None where it was left empty."""
        text = self._values[name] = self._handler.get_body_argument(name, "")
        try:
            value = float(text.replace(",", ".")) if text else None
        except ValueError:
            value = inf
        if value is not None and not isfinite(value):
            self.errors[name] = "This is not a number."
            return None
        return value

    def is_ticked(self, name: str) -> bool:
        ticked = self._handler.get_body_argument(name, "") != ""
        self._values[name] = "1" if ticked else ""
        return ticked

    def secret(self, name: str, missing: str | None = None) -> str:
        """A text that is not given back to the page; `missing` None: it may be empty."""
        text = self._handler.get_body_argument(name, "", strip=False)
        if not text and missing:
            self.errors[name] = missing
        return text

    def given(self, name: str) -> str | None:
        """The text of a field that the form may lack, then None."""
        text = self._handler.get_body_argument(name, None)
        if text is not None:
            self._values[name] = text
        return text

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        text = self._values[name] = self._handler.get_body_argument(name, "")
        if text not in among:
            self.errors[name] = "Choose one of these."
        return text

    def choices(self, name: str, among: tuple[str, ...], missing: str) -> list[str]:
        chosen = [text for text in among if text in self._handler.get_body_arguments(name)]
        self._values[name] = ",".join(chosen)
        if not chosen:
            self.errors[name] = missing
        return chosen
