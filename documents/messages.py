"""An AsyncAPI description in, what its page shows out: the sockets, and what is said on each by whom."""

import json
import re
from typing import Any, NamedTuple

from documents.schemas import Field, Schemas


class Message(NamedTuple):
    id: str  # `liveTranscript-callStatus`
    type: str
    is_ours: bool  # Callboard sends it; else the client does
    summary: str
    description: str
    answers: list[str]  # the types that it is answered with
    fields: list[Field]
    examples: list[str]  # JSON

    @property
    def title(self) -> str:
        """Its name in words, where the type alone would not tell it from another: `final transcript`."""
        words = re.sub(r"([A-Z])", r" \1", self.id.rpartition("-")[2]).lower()
        return words if words.replace(" ", "_") != self.type else self.type


class Socket(NamedTuple):
    id: str
    title: str
    address: str
    description: str
    parameters: list[Field]
    messages: list[Message]
    close_codes: dict[str, str]


class Messages:
    def __init__(self, description: dict[str, Any]):
        self._description = description
        self._schemas = Schemas(description, has_links=False)
        self.sockets = [self._socket(name, told) for name, told in description["channels"].items()]

    def _socket(self, name: str, told: dict[str, Any]) -> Socket:
        places = told.get("parameters", {})
        given = [("query", told["bindings"]["ws"]["query"]), ("header", told["bindings"]["ws"]["headers"])]
        return Socket(
            id=name,
            title=told["title"],
            address=told["address"],
            description=told["description"],
            parameters=[Field(place, "string", "", one["description"], True, "path") for place, one in places.items()]
            + [field._replace(where=where) for where, node in given for field in self._schemas.fields(node)],
            messages=[self._message(name, key, self._schemas.resolve(it)) for key, it in told["messages"].items()],
            close_codes=told["x-close-codes"],
        )

    def _message(self, socket: str, name: str, told: dict[str, Any]) -> Message:
        mine = {"$ref": f"#/channels/{socket}/messages/{name}"}
        heard = [
            operation
            for operation in self._description["operations"].values()
            if operation["action"] == "receive" and mine in operation["messages"]
        ]
        answers = [one for operation in heard for one in operation.get("reply", {}).get("messages", ())]
        return Message(
            id=f"{socket}-{name}",
            type=told["name"],
            is_ours=not heard,
            summary=told["summary"],
            description=told.get("description", ""),
            answers=[self._schemas.resolve(one)["name"] for one in answers],
            fields=list(self._schemas.fields(told["payload"])),
            examples=[json.dumps(one["payload"], indent=2, ensure_ascii=False) for one in told["examples"]],
        )
