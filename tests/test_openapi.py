"""docs/openapi.json is well formed, describes exactly our routes, and is served."""

import json
import re

from openapi_spec_validator import validate
from tornado.web import RequestHandler

from described import DOCS, OPENAPI, faults, invented, references, resolve, unused_components
from handlers.routes import API

GROUPS = {  # how a group of a route is written in a description; some are two addresses
    "([0-9]{1,18}|sid/[^/]+)": ("{id}", "sid/{call_sid}"),
    "([^/]+)/([^/]+)": ("{kind}/{endpoint}",),
}
NOTE_ID = "([0-9]{1,18})"


def addresses(route: str) -> list[str]:
    """`/api/v1/calls/([0-9]{1,18}|sid/[^/]+)` → `/api/v1/calls/{id}` and `/api/v1/calls/sid/{call_sid}`."""
    for group, written in GROUPS.items():
        if group in route:
            return [route.replace(group, each).replace(NOTE_ID, "{note_id}") for each in written]
    return [re.sub(r"\\(.)", r"\1", route)]


def methods(handler: type[RequestHandler]) -> set[str]:
    names = [name.lower() for name in RequestHandler.SUPPORTED_METHODS]
    return {name for name in names if getattr(handler, name) is not RequestHandler.get}


def operations():
    for path, item in OPENAPI["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def contents():
    """Every body that is described, with where it stands."""
    for path, method, operation in operations():
        bodies = [("request", operation["requestBody"])] if "requestBody" in operation else []
        for name, body in bodies + list(operation["responses"].items()):
            for media in resolve(OPENAPI, body).get("content", {}).values():
                yield f"{method} {path} {name}", media


def test_it_is_openapi():
    validate(OPENAPI)
    assert OPENAPI["openapi"].startswith("3.1.")


def test_every_reference_leads_somewhere_and_no_component_is_left_over():
    assert all(resolve(OPENAPI, node) for node in references(OPENAPI))
    assert unused_components(OPENAPI) == set()


def test_exactly_our_routes_and_their_methods_are_described():
    real = {(path, method) for route, handler in API for path in addresses(route) for method in methods(handler)}
    described = {(path, method) for path, method, _ in operations()}
    assert described == real


def test_every_operation_says_what_it_is_for_and_its_name_is_its_own():
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in OPENAPI["tags"]}
    for path, method, operation in operations():
        assert operation["summary"] and set(operation["tags"]) <= tags, (path, method)


def test_an_operation_asks_for_the_scope_of_its_handler():
    scopes = {path: handler for route, handler in API for path in addresses(route)}
    for path, method, operation in operations():
        wanted = next((one["key"][0] for one in operation.get("security", ()) if "key" in one), None)
        handler = scopes[path]
        if method == "options" or not path.startswith("/api/"):
            assert wanted is None, path
        elif isinstance(handler.scope, str):
            assert wanted == handler.scope, path
        else:  # a property that looks at the method
            assert wanted == ("read" if method == "get" else "ingest"), path


def test_every_example_has_the_shape_that_it_is_an_example_of():
    seen = 0
    for where, media in contents():
        named = [resolve(OPENAPI, example)["value"] for example in media.get("examples", {}).values()]
        for example in named + ([media["example"]] if "example" in media else []):
            assert faults(OPENAPI, media["schema"], example) == [], where
            seen += 1
    assert seen > 100
    assert invented(OPENAPI) == []


def test_every_parameters_example_is_one():
    parameters = [node for node in OPENAPI["components"]["parameters"].values() if "example" in node]
    for parameter in parameters:
        assert faults(OPENAPI, parameter["schema"], parameter["example"]) == [], parameter["name"]
    assert len(parameters) >= 5


async def test_both_descriptions_are_served_to_everyone(house):
    for name in ("openapi", "asyncapi"):
        answer = await house.fetch("GET", f"/{name}.json", key=None)
        assert (answer.code, answer.body) == (200, (DOCS / f"{name}.json").read_bytes())
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        head = await house.fetch("HEAD", f"/{name}.json", key=None)
        assert (head.code, head.body, head.headers["Etag"]) == (200, b"", answer.headers["Etag"])
        assert int(head.headers["Content-Length"]) == len(answer.body)
        again = await house.fetch("GET", f"/{name}.json", key=None, headers={"If-None-Match": answer.headers["Etag"]})
        assert (again.code, again.body) == (304, b"")
        put = await house.fetch("PUT", f"/{name}.json", "{}", key=None)
        assert (put.code, put.headers["Allow"], json.loads(put.body)["error"]["code"]) == (
            405,
            "GET, HEAD",
            "method_not_allowed",
        )
