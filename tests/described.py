"""The two descriptions as tests read them, with schemas that allow no field but those that they name."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCS = Path(__file__).parent.parent / "docs"
OPENAPI = json.loads((DOCS / "openapi.json").read_text())
ASYNCAPI = json.loads((DOCS / "asyncapi.json").read_text())


def resolve(document: dict, node: Any) -> Any:
    """What a reference, or a reference to a reference, leads to; anything else as it is. Raises KeyError."""
    while isinstance(node, dict) and "$ref" in node:
        where = node["$ref"]
        assert where.startswith("#/"), where
        node = document
        for part in where[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def references(node: Any) -> Iterator[dict]:
    """Every `{"$ref": …}` under a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def unused_components(document: dict) -> set[str]:
    """Components that nothing refers to; security schemes are used by name."""
    used = {node["$ref"] for node in references(document)}
    there = {f"#/components/{kind}/{name}" for kind, named in document["components"].items() for name in named}
    return {where for where in there - used if not where.startswith("#/components/securitySchemes/")}


def closed(schema: Any) -> Any:
    """The schema with every object closed that does not say itself whether it is open."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        shut["additionalProperties"] = False
    return shut


def faults(document: dict, schema: dict, value: Any) -> list[str]:
    """What is wrong with a value by a schema of the document; undocumented fields are."""
    whole = closed(schema) | {"components": {"schemas": closed(document["components"]["schemas"])}}
    checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value)]


def invented(document: dict) -> list[str]:
    """Phone numbers in the document that are not of those kept for fiction."""
    return [
        number for number in re.findall(r"\+\d{7,}", json.dumps(document)) if not re.match(r"\+155501\d\d$", number)
    ]
