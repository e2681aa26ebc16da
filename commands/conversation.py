"""The demo's conversations: files of what is said, and one performance of one as messages of the producer socket.

A turn is `{"user": "What is said", "after": 0.8}`: `after` is the pause before it in seconds, below zero where it
begins before the other has finished. In its text `{this|that}` is a choice, and `{name}` one of `variables`.
`"misheard": ["right", "wrong"]` is what the recogniser makes of it at first and corrects later; a turn that is `cut`
never gets its final. All chance comes from the given `random.Random`, so a performance can be had again.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from commands.recording import Recorded
from events import Speaker
from models.demo import METADATA

FOLDER = Path(__file__).parent / "conversations"
PROVIDER = "demo"
_CHOICE = re.compile(r"\{([^{}]+)\}")


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    user: str | None = None
    assistant: str | None = None
    after: float | None = None  # s; None: as people do
    misheard: tuple[str, str] | None = None
    cut: bool = False

    @property
    def speaker(self) -> Speaker:
        return "assistant" if self.user is None else "user"

    @property
    def text(self) -> str:
        return self.user or self.assistant or ""


class Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    assistant: str  # its name
    language: str  # BCP 47
    direction: str
    ends: dict[str, str]  # the `data` of its last message
    variables: dict[str, list[str]]
    turns: list[Turn]


def conversations() -> list[Conversation]:
    return [msgspec.json.decode(path.read_bytes(), type=Conversation) for path in sorted(FOLDER.glob("*.json"))]


def perform(conversation: Conversation, call_sid: str, chance: random.Random) -> list[Recorded]:
    """The call as it goes this time: when it is spoken, with which words, and what the recogniser makes of it."""
    return [
        Recorded(
            at, f"{conversation.title} at {at:.1f} s", call_sid, {"type": type_, "call_sid": call_sid, "data": data}
        )
        for at, type_, data in sorted(_messages(conversation, chance), key=lambda message: message[0])
    ]


def _messages(conversation: Conversation, chance: random.Random) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """(s from the answer, type, data) of each message, not in order."""
    yield 0.0, "call", _announcement(conversation, chance)
    chosen = {name: chance.choice(values) for name, values in conversation.variables.items()}
    pace = {"user": chance.uniform(0.8, 1.15), "assistant": chance.uniform(0.85, 1.1)}  # s where others take one
    ends: dict[str, float] = {"user": 0.0, "assistant": 0.0}
    start = 0.0
    for number, turn in enumerate(conversation.turns, 1):
        pause = chance.uniform(0.25, 0.9) if turn.after is None else turn.after * chance.uniform(0.8, 1.25)
        start = max(start + 0.3, max(ends.values()) + pause, ends[turn.speaker] + 0.2)  # nobody talks over themselves
        text = _CHOICE.sub(lambda match: chosen.get(match[1]) or chance.choice(match[1].split("|")), turn.text)
        segment = {
            "segment_id": f"{turn.speaker[0]}-{number}",
            "speaker": turn.speaker,
            "language": conversation.language,
            "segment_start": round(start, 2),
        }
        said = list(_spoken(turn, text[0].upper() + text[1:], start, pace[turn.speaker], chance))
        for at, words in said:
            yield at, "transcript", segment | words
        ends[turn.speaker] = max(words.get("segment_end", at) for at, words in said)
    yield max(ends.values()) + chance.uniform(1.6, 2.4), "call_status", dict(conversation.ends)


def _announcement(conversation: Conversation, chance: random.Random) -> dict[str, Any]:
    customer, ours = f"+155501{chance.randrange(10, 100)}", "+15550100"
    is_inbound = conversation.direction == "inbound"
    return {
        "assistant": conversation.assistant,
        "provider": PROVIDER,
        "direction": conversation.direction,
        "from_number": customer if is_inbound else ours,
        "to_number": ours if is_inbound else customer,
        "status": "in-progress",
        "metadata": METADATA | {"conversation": conversation.title},
    }


def _spoken(
    turn: Turn, text: str, start: float, pace: float, chance: random.Random
) -> Iterator[tuple[float, dict[str, Any]]]:
    """(s, words) of one turn: interims that grow, a final soon after the last word, perhaps a correction."""
    heard = text.replace(*turn.misheard) if turn.misheard else text
    words = heard.split()
    at, shown_at = start, start
    for number, word in enumerate(words, 1):
        at += _seconds(word, is_last=number == len(words)) * pace * chance.uniform(0.8, 1.25)
        if chance.random() < 0.85 or number in (1, len(words)):  # else it comes together with the next
            shown_at = max(shown_at, at) + chance.uniform(0.02, 0.15)
            interim = {"content": " ".join(words[:number]), "is_final": False}
            yield shown_at, interim | {"confidence": round(chance.uniform(0.5, 0.9), 2)}
    if turn.cut:
        return
    confidence = chance.uniform(0.4, 0.6) if turn.misheard else chance.uniform(0.86, 0.99)
    final = {"content": heard, "is_final": True, "confidence": round(confidence, 2), "segment_end": round(at, 2)}
    final_at = shown_at + chance.uniform(0.2, 0.5)
    yield final_at, final
    if heard != text:
        right = final | {"content": text, "confidence": round(chance.uniform(0.9, 0.99), 2)}
        yield final_at + chance.uniform(0.8, 1.4), right


def _seconds(word: str, *, is_last: bool) -> float:
    """How long a word takes: some three a second, with a breath after a comma or a sentence."""
    breath = 0.0 if is_last else 0.3 if word[-1] in ".?!؟…" else 0.12 if word[-1] in ",;:،؛" else 0.0
    return 0.14 + 0.045 * len(word) + breath
