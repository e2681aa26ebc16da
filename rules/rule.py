"""An alert rule as an administrator makes it, and whether it can be one."""

from typing import Literal, get_args

import msgspec

from events import SECOND, Refused, Speaker
from rules.folding import folded
from rules.pattern import compiled

Kind = Literal["phrase", "pattern", "confidence", "silence"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST_TEXT = 2000
MOST_PHRASES = 50
SILENCE_S = (5, 3600)  # below it every breath would be one; beyond it the call is about to be closed


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    id: int = 0  # 0: not stored yet
    name: str
    kind: Kind
    text: str = ""  # of `phrase`: a phrase in each line; of `pattern`: a regular expression
    threshold: float | None = None  # of `confidence`: 0.0–1.0, below it; of `silence`: s, longer than it
    speaker: Speaker | None = None  # None: whoever speaks
    assistant_id: int | None = None  # None: all
    on_interims: bool = False  # unfinished words too: sooner, and sometimes about words that are then corrected

    @property
    def phrases(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if line.strip()]

    @property
    def silence_us(self) -> int:
        return int((self.threshold or 0) * SECOND)

    def is_for(self, assistant_id: int) -> bool:
        return self.assistant_id is None or self.assistant_id == assistant_id


def check(rule: Rule) -> None:
    """Raises Refused, with the field that is wrong, where this is no rule that could ever be of use."""
    if len(rule.text) > LONGEST_TEXT:
        raise Refused("invalid_field", f"At most {LONGEST_TEXT} characters, and this is {len(rule.text)}.", "text")
    if rule.kind == "phrase":
        _check_phrases(rule.phrases)
    elif rule.kind == "pattern":
        compiled(rule.text)
    elif rule.kind == "confidence":
        if rule.threshold is None or not 0 < rule.threshold <= 1:
            raise Refused("invalid_field", "A confidence is above 0 and at most 1, such as 0.6.", "threshold")
    elif rule.threshold is None or not SILENCE_S[0] <= rule.threshold <= SILENCE_S[1]:
        low, high = SILENCE_S
        raise Refused("invalid_field", f"Seconds, from {low} to {high}.", "threshold")


def _check_phrases(phrases: list[str]) -> None:
    if not phrases:
        raise Refused("invalid_field", "At least one phrase is needed.", "text")
    if len(phrases) > MOST_PHRASES:
        raise Refused("invalid_field", f"At most {MOST_PHRASES} phrases, and these are {len(phrases)}.", "text")
    for phrase in phrases:
        if not folded(phrase).strip():
            raise Refused("invalid_field", f"{phrase!r} has no letter or digit to look for.", "text")
