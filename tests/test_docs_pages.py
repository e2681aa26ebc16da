"""The developers' pages: whole, true to the files that they are made of, and readable by everyone."""

import asyncio
import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from handlers.docs_library import EXAMPLES, FILES, MADE, NAMES, TASKS
from house import House, open_house
from patience import PATIENCE_S
from visitor import Document, Visitor

ROOT = Path(__file__).parent.parent


async def shown(house: House, path: str) -> str:
    answer = await house.fetch("GET", path, key=None, headers={"Accept": "text/html"})
    assert answer.code == 200, (path, answer.code)
    return answer.body.decode()


def blocks(page: str, house: House) -> list[str]:
    """What stands in blocks of code, with the address that stands for one in the files."""
    found = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
    websocket_url = house.url.replace("http", "ws", 1)
    texts = [html.unescape(one).replace(websocket_url, "ws://localhost:8000") for one in found]
    return [text.replace(house.url, "http://localhost:8000") for text in texts]


async def test_every_link_leads_somewhere_and_every_page_is_linked(house):
    visitor, pages, links = Visitor(house), {}, {("/docs", "/docs", "")}
    while waiting := {path for _, path, _ in links} - pages.keys():
        for path in waiting:
            if not path.startswith("/docs") or path.removeprefix("/docs/") in FILES:
                answer = await house.fetch("GET", path, key=None)
                assert answer.code == 200 or (path, answer.code) == ("/settings/keys", 302), path
                pages[path] = None
                continue
            answer = await visitor.get(path)
            assert answer.code == 200, [found for found in links if found[1] == path]
            pages[path] = {element.attributes["id"] for element in answer.page.elements if "id" in element.attributes}
            for link in answer.page.all("a"):
                target = urlsplit(urljoin(house.url + path, link.attributes["href"]))
                if f"{target.scheme}://{target.netloc}" == house.url and target.path != "/":
                    links.add((path, target.path, unquote(target.fragment)))
    lost = [it for it in links if it[2] and it[2] not in (pages[it[1]] or ())]
    assert not lost
    assert {f"/docs/{name}".rstrip("/") for name in NAMES} <= pages.keys()
    assert {f"/docs/{name}" for name in FILES} <= pages.keys()


def test_every_document_has_a_page():
    assert {str(path.relative_to(ROOT / "docs")) for path in ROOT.glob("docs/**/*.md")} == {
        f"{name}.md" for name in NAMES - MADE
    }


async def test_a_file_to_take_along_is_the_file(house):
    for name, path in FILES.items():
        answer = await house.fetch("GET", f"/docs/{name}", key=None)
        assert answer.code == 200 and answer.body == (ROOT / path).read_bytes(), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        kind = "application/json" if name.endswith(".json") else "text/plain"  # no browser takes it for a page of ours
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8", name


async def test_every_code_block_of_a_document_is_on_its_page_as_it_is(house):
    own = "https://callboard.example.com", "wss://callboard.example.com"
    for name in NAMES - MADE:
        text = (ROOT / "docs" / f"{name}.md").read_text()
        wanted = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        wanted = [it.replace(own[0], "http://localhost:8000").replace(own[1], "ws://localhost:8000") for it in wanted]
        found = blocks(await shown(house, f"/docs/{name}"), house)
        assert [it for it in found if it in wanted] == wanted, name


async def test_the_examples_are_shown_as_they_are_in_their_files(house):
    texts = {name: (ROOT / "examples" / name).read_text() for name in EXAMPLES}
    assert blocks(await shown(house, "/docs/examples"), house) == list(texts.values())
    start = blocks(await shown(house, "/docs"), house)
    wanted = [texts[file] for _, _, files in TASKS for file in files.values()]
    assert len(wanted) == 6 and [it for it in start if it in wanted] == wanted
    assert "CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… python feed.py CA123\n" in start


async def test_every_operation_is_on_its_page_with_its_parameters_and_answers(house):
    told = json.loads((ROOT / "docs" / "openapi.json").read_text())
    page = Document(await shown(house, "/docs/rest"))
    operations = [
        (path, method, operation)
        for path, item in told["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]
    for path, method, operation in operations:
        (line,) = page.all("li", data_operation=operation["operationId"])
        assert line.text.startswith(f"{method.upper()} {path}")
        assert operation["summary"] in page.text
        for answer in operation["responses"].values():
            assert "$ref" in answer or answer["description"].replace("`", "") in page.text
    assert len(page.all("li", data_operation=None)) + len(operations) == len(page.all("li"))
    keys = [element.text for element in page.all("code", class_="field-key")]
    assert {parameter["name"] for parameter in told["components"]["parameters"].values()} <= set(keys)
    assert {name for schema in ("NewCall", "Call", "Error") for name in properties(told, schema)} <= set(keys)


def properties(told: dict, schema: str) -> set[str]:
    return set(told["components"]["schemas"][schema]["properties"])


async def test_every_message_is_on_its_page_with_who_sends_it_its_fields_and_an_example(house):
    told = json.loads((ROOT / "docs" / "asyncapi.json").read_text())
    source = await shown(house, "/docs/messages")
    examples = blocks(source, house)
    page = Document(source)
    ours = {one["$ref"] for it in told["operations"].values() if it["action"] == "send" for one in it["messages"]}
    ours |= {one["$ref"] for it in told["operations"].values() for one in it.get("reply", {}).get("messages", ())}
    for socket, channel in told["channels"].items():
        assert channel["address"] in page.text
        for name, reference in channel["messages"].items():
            message = told["components"]["messages"][reference["$ref"].rpartition("/")[2]]
            (part,) = page.all("div", data_message=f"{socket}-{name}")
            sender = "Callboard sends" if f"#/channels/{socket}/messages/{name}" in ours else "You send"
            assert f"{sender} {message['name']} " in part.text
            for field in message["payload"]["properties"]:
                assert f" {field} " in part.text, (socket, name, field)
            for example in message["examples"]:
                assert json.dumps(example["payload"], indent=2, ensure_ascii=False) + "\n" in examples


async def test_every_command_shown_for_an_operation_works_as_it_stands(house):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    await house.say("CA0001", "u-9", "Is my bike ready?")
    source = await shown(house, "/docs/rest")
    found = [html.unescape(one) for one in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", source, re.DOTALL)]
    commands = [one for one in found if "curl" in one]
    assert len(commands) > 15
    for command in commands:
        process = await asyncio.create_subprocess_shell(
            command.rstrip() + " -o /dev/null -w '%{http_code}'",
            env=os.environ | {"CALLBOARD_KEY": house.key},
            stdout=subprocess.PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0 and output.decode()[-3] == "2", (command, output)


STRANGE = [
    "../settings.py",
    "%2e%2e/settings.py",
    "..%2f..%2fetc%2fpasswd",
    "sources/../../settings.py",
    "sources%2f..%2fsecurity",
    "/etc/passwd",
    "examples/",
    "examples/../server.py",
    "call-light.png",
    "sources",
    "protocol/",
    "Protocol",
    "protocol%00",
    "%ff",
]


async def test_nothing_else_is_read_from_the_disk(house):
    for path in STRANGE:
        answer = await house.fetch("GET", f"/docs/{path}", key=None)
        assert answer.code in (400, 404), path
        assert b"import" not in answer.body and b"root:" not in answer.body


async def test_the_pages_can_be_read_before_there_is_a_user(sqlite_url):
    async with open_house(sqlite_url) as house:
        for name in ("", "/protocol", "/rest", "/openapi.json"):
            assert (await house.fetch("GET", "/docs" + name, key=None)).code == 200


async def test_the_pages_are_linked_where_one_signs_in_and_once_one_has(house):
    visitor = Visitor(house)
    assert (await visitor.get("/sign-in")).page.all("a", href="/docs")
    await visitor.sign_in()
    assert (await visitor.get("/")).page.all("a", href="/docs")
    (link,) = [it for it in (await visitor.get("/docs/rest")).page.all("a", href="/docs") if it.text == "Docs"]
    assert link.attributes["aria-current"] == "true"
