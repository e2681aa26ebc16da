"""JSON schemas in, lines that people read out: what a field is called, what it may be, and what it means."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]
NOTHING = {"type": "null"}
SCHEMAS = "#/components/schemas/"
PATTERNS = {  # what these forbid is said shorter than by themselves
    r"^[^\u0000]*$": "without NUL",
    r"^[^\u0000-\u001f\u007f-\u009f]*$": "without control characters",
}


class Field(NamedTuple):
    """All but the name is Markdown."""

    name: str  # with those that it is in: `data.content`, `calls[].last.speaker`
    kind: str  # `string or null`, `array of [Call](#Call)`
    limits: str  # `1 to 128 characters; without NUL`
    meaning: str
    is_required: bool
    where: str = ""  # of a parameter: path, query or header


class Schemas:
    """The schemas of one description. `has_links`: an object with a name of its own is linked to, and not listed again
    wherever it occurs."""

    def __init__(self, description: dict[str, Any], *, has_links: bool):
        self._description, self._has_links = description, has_links

    def at(self, reference: str) -> Any:
        """`#/components/schemas/Call` → what stands there."""
        found: Any = self._description
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def resolve(self, node: Any) -> dict[str, Any]:
        """The node itself, with what it refers to or is made of put into it; `something or null` is that something,
        with `is_nullable`."""
        while "$ref" in node:
            node = self.at(node["$ref"]) | {name: value for name, value in node.items() if name != "$ref"}
        if "allOf" in node:
            parts: Schema = {}
            for part in node["allOf"]:
                parts |= self.resolve(part)
            node = parts | {name: value for name, value in node.items() if name != "allOf"}
        if NOTHING in node.get("anyOf", ()):
            others = [branch for branch in node["anyOf"] if branch != NOTHING]
            rest = {name: value for name, value in node.items() if name != "anyOf"} | {"is_nullable": True}
            node = self.resolve(others[0]) | rest if len(others) == 1 else rest | {"anyOf": others}
        return node

    def name(self, node: Any) -> str:
        """The name of an object that is linked to; empty for anything else."""
        others = [branch for branch in node.get("anyOf", ()) if branch != NOTHING]
        reference = (others[0] if len(others) == 1 else node).get("$ref", "")
        is_named = self._has_links and reference.startswith(SCHEMAS) and "/" not in reference.removeprefix(SCHEMAS)
        return reference.removeprefix(SCHEMAS) if is_named and "properties" in self.at(reference) else ""

    def fields(self, node: Any, within: str = "") -> Iterator[Field]:
        """Each field of an object, and behind it those that are in it, unless it is linked to."""
        for name, (part, is_required) in self._parts(node).items():
            yield self.field(within + name, part, is_required=is_required)
            path, inner = within + name, part
            while not self.name(inner) and "items" in self.resolve(inner):
                path, inner = path + "[]", self.resolve(inner)["items"]
            if not self.name(inner):
                yield from self.fields(inner, path + ".")

    def _parts(self, node: Any) -> dict[str, tuple[Any, bool]]:
        """The fields of an object by name, and whether it must have them; of one of several objects, those of all."""
        whole = self.resolve(node)
        parts = {name: (it, name in whole.get("required", ())) for name, it in whole.get("properties", {}).items()}
        branches = [self._parts(branch) for branch in whole.get("anyOf", ())]
        for name in dict.fromkeys(name for branch in branches for name in branch):
            found = [branch[name] for branch in branches if name in branch]
            kinds = [part for number, (part, _) in enumerate(found) if part not in [it for it, _ in found[:number]]]
            is_required = len(found) == len(branches) and all(it for _, it in found)
            parts[name] = (kinds[0] if len(kinds) == 1 else {"anyOf": kinds}, is_required)
        return parts

    def field(self, name: str, node: Any, *, is_required: bool, meaning: str = "", where: str = "") -> Field:
        whole = self.resolve(node)
        said = meaning or ("" if self.name(node) else whole.get("description", ""))
        return Field(name, self.kind(node), self.limits(whole), said, is_required, where)

    def kind(self, node: Any) -> str:
        whole = self.resolve(node)
        if name := self.name(node):
            kinds = [f"[{name}](#{name})"]
        elif "const" in whole:
            kinds = [_literal(whole["const"])]
        elif "enum" in whole:
            kinds = [_literal(value) for value in whole["enum"]]
        elif "type" in whole:
            types = whole["type"] if isinstance(whole["type"], list) else [whole["type"]]
            kinds = [self._array(whole) if one == "array" else one for one in types]
        else:
            kinds = [self.kind(branch) for branch in whole.get("anyOf", ())] or ["anything"]
        return _either(list(dict.fromkeys(kinds + ["null"] * whole.get("is_nullable", False))))

    def _array(self, whole: Schema) -> str:
        return f"array of {self.kind(whole['items'])}" if "items" in whole else "array"

    def limits(self, node: Any) -> str:
        """What a value must keep to, and what it is if left out; empty where there is nothing to say."""
        whole = self.resolve(node)
        number = "a number: " if {"integer", "string"} <= set(whole.get("type", ())) else ""
        said = [
            (words := _range(whole, "minimum", "maximum")) and number + words,
            _range(whole, "minLength", "maxLength", "characters"),
            _range(whole, "minItems", "maxItems", "items"),
        ]
        if "pattern" in whole:
            said.append(PATTERNS.get(whole["pattern"], f"matching `{whole['pattern']}`"))
        said.append(_either([one["format"] for one in [whole, *whole.get("anyOf", ())] if "format" in one]))
        if "type" not in whole:
            branches = [(self.kind(branch), self.limits(branch)) for branch in whole.get("anyOf", ())]
            said += [f"{kind} {limits}" for kind, limits in branches if limits]
        if "items" in whole and not self.name(whole["items"]) and (each := self.limits(whole["items"])):
            said.append(f"each {each}")
        if "default" in whole:
            said.append(f"{_literal(whole['default'])} if left out")
        return "; ".join(part for part in said if part)


def _literal(value: Any) -> str:
    return "null" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _either(words: list[str]) -> str:
    """`a, b or c`"""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _range(whole: Schema, least_name: str, most_name: str, unit: str = "") -> str:
    least, most = whole.get(least_name), whole.get(most_name)
    if least == most:
        words = "" if least is None else f"{least:,}"
    elif most is None:
        words = f"{least:,} or more"
    else:
        words = f"up to {most:,}" if least is None else f"{least:,} to {most:,}"
    unit = unit.removesuffix("s") if words == "1" else unit
    return f"{words} {unit}".strip() if words else ""
