"""docs/asyncapi.json is well formed, says what docs/protocol.md says, and describes exactly our sockets."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from described import ASYNCAPI, faults, invented, references, resolve, unused_components
from handlers.routes import SOCKETS
from test_docs import PROTOCOL

SPECS = "@asyncapi/specs@6.11.1"  # the specification's own schemas: no code, no dependencies


@pytest.fixture(scope="session")
def official(request: pytest.FixtureRequest) -> dict:
    """AsyncAPI's schema of a 3.0 document, fetched once from npm."""
    folder = Path(request.config.cache.mkdir("asyncapi")) / SPECS.rpartition("@")[2]
    found = folder / "package" / "schemas" / "3.0.0-without-$id.json"
    if not found.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        folder.mkdir(exist_ok=True)
        npm = ["npm", "pack", SPECS, "--silent", "--pack-destination", str(folder)]
        if subprocess.run(npm, cwd=folder, stdout=subprocess.DEVNULL, timeout=60).returncode:
            pytest.skip(f"npm does not get {SPECS}")
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            found.parent.mkdir(parents=True, exist_ok=True)
            found.write_bytes(archive.extractfile(f"package/schemas/{found.name}").read())
    return json.loads(found.read_text())


def test_it_is_asyncapi(official):
    errors = [f"{error.json_path}: {error.message[:300]}" for error in Draft7Validator(official).iter_errors(ASYNCAPI)]
    assert errors == []
    assert not Draft7Validator(official).is_valid(ASYNCAPI | {"channels": {"ingest": {"adress": "/ingest"}}})


def test_every_reference_leads_somewhere_and_no_component_is_left_over():
    assert all(resolve(ASYNCAPI, node) for node in references(ASYNCAPI))
    assert unused_components(ASYNCAPI) == set()


def test_exactly_our_sockets_are_described():
    real = {path.replace("(.*)", "{call_sid}") for path, _ in SOCKETS}
    assert {channel["address"] for channel in ASYNCAPI["channels"].values()} == real


def test_every_message_is_sent_or_received_on_its_channel():
    for name, channel in ASYNCAPI["channels"].items():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", ())), name
        there = {f"#/channels/{name}/messages/{message}" for message in channel["messages"]}
        whose = {"$ref": f"#/channels/{name}"}
        operations = [each for each in ASYNCAPI["operations"].values() if each["channel"] == whose]
        parts = operations + [each["reply"] for each in operations if "reply" in each]
        assert {message["$ref"] for part in parts for message in part["messages"]} == there, name


def test_every_example_has_the_shape_of_its_message():
    for name, message in ASYNCAPI["components"]["messages"].items():
        assert message["examples"], name
        for example in message["examples"]:
            assert faults(ASYNCAPI, message["payload"], example["payload"]) == [], name
            assert example["payload"]["type"] == message["name"]
    assert invented(ASYNCAPI) == []


def test_the_words_of_errors_are_those_of_the_documentation():
    viewers = PROTOCOL[PROTOCOL.index("The words in `error`") : PROTOCOL.index("Refusals come after")]
    producers = PROTOCOL[PROTOCOL.index("Besides the words above, an `error` here") : PROTOCOL.index("## Read by REST")]
    known = set(re.findall(r"`([a-z_]+)`", viewers)) - {"error"}
    more = set(re.findall(r"`([a-z_]+)`", producers)) - {"error", "field"}
    schemas = ASYNCAPI["components"]["schemas"]
    assert set(schemas["ErrorWord"]["enum"]) == known
    assert set(schemas["ProducerErrorWord"]["enum"]) - known == more


def test_the_close_codes_are_those_of_the_documentation():
    table = PROTOCOL[PROTOCOL.index("| code | meaning |") : PROTOCOL.index("The words in `error`")]
    documented = {code for row in re.findall(r"^\| (1[0-9, ]+) \|", table, re.MULTILINE) for code in row.split(", ")}
    channels = ASYNCAPI["channels"]
    assert set(channels["liveTranscript"]["x-close-codes"]) == documented
    for name in ("liveCalls", "ingest"):  # which do not end with a call
        assert set(channels[name]["x-close-codes"]) == documented - {"1000"}


def test_the_parameters_of_a_viewer_are_those_of_the_documentation():
    table = PROTOCOL[PROTOCOL.index("| parameter | meaning |") : PROTOCOL.index("In Python, with the")]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) | {"token"}
    query = ASYNCAPI["channels"]["liveTranscript"]["bindings"]["ws"]["query"]
    assert set(query["properties"]) == documented
