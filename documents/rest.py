"""An OpenAPI description in, what its page shows out: the operations in groups, and the objects that they name."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from documents.curl import Request, command
from documents.schemas import SCHEMAS, Field, Schemas

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


class Address(NamedTuple):
    id: str  # the operation's
    method: str
    path: str
    description: str  # Markdown; empty where it is that of the whole entry


class Body(NamedTuple):
    media: str
    forms: list[list[Field]]  # a body has one of these
    description: str
    example: str  # JSON; empty where there is none


class Answer(NamedTuple):
    status: str
    meaning: str
    kind: str  # Markdown; empty without a body
    codes: list[str]  # of errors
    headers: list[Field]
    example: str
    only_at: list[str]  # the addresses that answer so, where not all of the entry do


class Entry(NamedTuple):
    """Operations that differ in how a call is named, and in little else."""

    summary: str
    description: str
    addresses: list[Address]
    needs: str
    parameters: list[Field]
    bodies: list[Body]
    answers: list[Answer]
    curl: str  # empty where none would work as it stands

    @property
    def id(self) -> str:
        return self.addresses[-1].id


class Group(NamedTuple):
    name: str
    description: str
    entries: list[Entry]


class Shape(NamedTuple):
    """An object with a name, which entries and other shapes link to."""

    name: str
    is_ours: bool  # Callboard alone makes such
    description: str
    fields: list[Field]


class _Operation(NamedTuple):
    path: str
    method: str
    told: dict[str, Any]
    parameters: list[dict[str, Any]]


class Rest:
    def __init__(self, description: dict[str, Any], base_url: str):
        """`base_url`: of the server whose page it is, for the commands."""
        self._description, self._base_url = description, base_url
        self._schemas = Schemas(description, has_links=True)
        self.groups = [
            Group(tag["name"], tag.get("description", ""), [self._entry(alike) for alike in self._alike(tag["name"])])
            for tag in description["tags"]
        ]

    @property
    def shapes(self) -> list[Shape]:
        """All that are linked to, by name."""
        entries = [entry for group in self.groups for entry in group.entries]
        given = self._linked(
            field.kind for entry in entries for it in entry.bodies for form in it.forms for field in form
        )
        taken = self._linked(answer.kind for entry in entries for answer in entry.answers)
        return [
            Shape(name, name not in given, node.get("description", ""), list(self._schemas.fields(node)))
            for name in sorted(given | taken)
            for node in [self._schemas.at(SCHEMAS + name)]
        ]

    def _linked(self, kinds: Iterable[str]) -> set[str]:
        """The objects that these name, and those that they are made of."""
        found: set[str] = set()
        while new := set(re.findall(r"\(#(\w+)\)", " ".join(kinds))) - found:
            found |= new
            kinds = [field.kind for name in new for field in self._schemas.fields(self._schemas.at(SCHEMAS + name))]
        return found

    def _operations(self) -> Iterator[_Operation]:
        for path, item in self._description["paths"].items():
            for method in METHODS:
                if told := item.get(method):
                    parameters = item.get("parameters", []) + told.get("parameters", [])
                    yield _Operation(path, method, told, [self._schemas.resolve(one) for one in parameters])

    def _alike(self, tag: str) -> Iterable[list[_Operation]]:
        """The operations of a tag, those together that have the same method and summary."""
        alike: dict[tuple[str, str], list[_Operation]] = {}
        for operation in self._operations():
            if tag in operation.told["tags"]:
                alike.setdefault((operation.method, operation.told["summary"]), []).append(operation)
        return alike.values()

    def _entry(self, alike: list[_Operation]) -> Entry:
        told = alike[-1].told
        descriptions = [operation.told.get("description", "") for operation in alike]
        is_same = len(set(descriptions)) == 1
        parameters = {(one["name"], one["in"]): one for operation in alike for one in operation.parameters}
        ways = told.get("security", self._description["security"])
        return Entry(
            summary=told["summary"],
            description=descriptions[0] if is_same else "",
            addresses=[
                Address(it.told["operationId"], it.method.upper(), it.path, "" if is_same else description)
                for it, description in zip(alike, descriptions, strict=True)
            ],
            needs=", or ".join(self._way(way) for way in ways if way) or "No key",
            parameters=[
                self._schemas.field(
                    name,
                    one["schema"],
                    is_required=one.get("required", False),
                    meaning=one.get("description", ""),
                    where=where,
                )
                for (name, where), one in sorted(parameters.items(), key=lambda it: it[0][1] != "path")
            ],
            bodies=list(self._bodies(told.get("requestBody", {}))),
            answers=list(self._answers(alike)),
            curl=self._curl(alike[-1], ways),
        )

    def _way(self, way: dict[str, list[str]]) -> str:
        """What one has to bring, where it is brought so."""
        words = []
        for name, scopes in way.items():
            scheme = self._description["components"]["securitySchemes"][name]
            if scopes:
                words.append("a key with the scope " + " and ".join(f"`{scope}`" for scope in scopes))
            elif scheme["type"] == "apiKey":
                words.append(f"the {scheme['in']} `{scheme['name']}`")
            else:
                words.append(f"`Authorization: {scheme['scheme'].capitalize()}`")
        return " and ".join(words)

    def _bodies(self, body: dict[str, Any]) -> Iterator[Body]:
        for media, content in body.get("content", {}).items():
            node = content["schema"]
            whole = self._schemas.resolve(node)
            forms = [list(self._schemas.fields(one)) for one in whole.get("anyOf", [node])]
            yield Body(media, [form for form in forms if form], whole.get("description", ""), self._example(content))

    def _answers(self, alike: list[_Operation]) -> Iterator[Answer]:
        for status in sorted({status for it in alike for status in it.told["responses"]}):
            at = [operation for operation in alike if status in operation.told["responses"]]
            told = self._schemas.resolve(at[-1].told["responses"][status])
            contents = told.get("content", {})
            kinds = [self._schemas.kind(content["schema"]) for content in contents.values()]
            named = [
                kind if media == "application/json" else f"`{media}`"
                for media, kind in zip(contents, kinds, strict=True)
            ]
            is_error = status >= "400"
            yield Answer(
                status=status,
                meaning=told["description"],
                kind=" or ".join(named),
                codes=[example["error"]["code"] for example in self._examples(contents) if "error" in example],
                headers=[
                    self._schemas.field(
                        name, header["schema"], is_required=True, meaning=header.get("description", ""), where="header"
                    )
                    for name, header in ((n, self._schemas.resolve(h)) for n, h in told.get("headers", {}).items())
                ],
                example="" if is_error else "\n\n".join(_json(one) for one in self._examples(contents)[:1]),
                only_at=[it.path for it in at] if len(at) < len(alike) else [],
            )

    def _examples(self, contents: dict[str, Any]) -> list[Any]:
        kept = [one for content in contents.values() for one in content.get("examples", {}).values()]
        return [self._schemas.resolve(one)["value"] for one in kept]

    def _example(self, content: dict[str, Any]) -> str:
        values = self._examples({"": content}) or [content[name] for name in ("example",) if name in content]
        return _json(values[0]) if values else ""

    def _curl(self, operation: _Operation, ways: list[dict[str, list[str]]]) -> str:
        has_key = any("key" in way for way in ways)
        if operation.method == "options" or not (has_key or not ways):
            return ""
        content = operation.told.get("requestBody", {}).get("content", {}).get("application/json")
        examples = self._examples({"": content}) if content else []
        wanted = [one for one in operation.parameters if one.get("required")]
        return command(
            Request(
                operation.method.upper(),
                self._base_url,
                operation.path,
                {one["name"]: one["example"] for one in wanted if one["in"] == "path"},
                {one["name"]: one["example"] for one in wanted if one["in"] == "query"},
                examples[0] if examples else None,
                has_key,
            )
        )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
