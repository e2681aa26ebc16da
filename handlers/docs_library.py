"""The developers' pages: which there are, of which files each is made, and where the links in these lead."""

import json
import posixpath
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from documents.markdown import Heading, code, inline, rendered, slug
from documents.messages import Messages
from documents.rest import Rest

HOME = Path(__file__).parent.parent
EXAMPLES = sorted(path.name for path in (HOME / "examples").iterdir() if path.is_file())
DESCRIPTIONS = ("openapi.json", "asyncapi.json")
GROUPS = {  # what the pages are called in the list of them, by what follows /docs/
    "": {"": "Start"},
    "Interface": {
        "protocol": "Protocol",
        "rest": "REST",
        "messages": "Messages",
        "javascript-client": "JavaScript client",
        "examples": "Examples",
    },
    "Features": {"alerts": "Alerts", "exports": "Exports and measures", "redaction": "Redaction"},
    "Sources": {
        f"sources/{kind}": name
        for kind, name in (
            ("twilio", "Twilio"),
            ("vapi", "Vapi"),
            ("retell", "Retell"),
            ("telnyx", "Telnyx"),
            ("deepgram", "Deepgram"),
            ("pipecat", "Pipecat"),
        )
    },
    "Operation": {
        "operations": "Operations",
        "nodes": "Several nodes",
        "scaling": "Scaling",
        "command-line": "Command line",
        "data": "Data",
        "security": "Security",
    },
}
NAMES = {name for pages in GROUPS.values() for name in pages}
MADE = {"", "rest", "messages", "examples"}  # by a template; each of the others is docs/<name>.md
FILES = {  # to take along, as they are: by what follows /docs/, where they stand
    **{name: f"docs/{name}" for name in DESCRIPTIONS},
    **{f"{name}.md": f"docs/{name}.md" for name in NAMES - MADE},
    **{f"examples/{name}": f"examples/{name}" for name in EXAMPLES},
}
TASKS = (  # of the start page: id, heading, the examples in each language
    ("watch", "Watch a call", {"javascript": "watch.mjs", "python": "watch.py"}),
    ("feed", "Feed a call", {"javascript": "feed.mjs", "python": "feed.py"}),
    ("read", "Read by REST", {"javascript": "read.mjs", "python": "read.py"}),
)


class Page(NamedTuple):
    title: str
    body: Markup
    headings: list[Heading]


@lru_cache(maxsize=64)  # every page there is, and more
def page(name: str, base_url: str, templates: Environment) -> Page:
    """One of NAMES, with `base_url` where the documents say localhost. The first time it takes tens of ms."""
    fill = partial(filled, base_url=base_url)
    if name not in MADE:
        document = rendered(text(f"docs/{name}.md"), resolve=partial(address, f"docs/{name}.md"), fill=fill)
        return Page(document.title, document.html, document.headings)
    title, template, headings, context = _MAKERS[name](base_url)
    tools = {
        "code": lambda source: code(fill(source)),
        "words": partial(inline, resolve=partial(address, "docs/openapi.json")),
        "paragraphs": lambda source: rendered(source, resolve=partial(address, "docs/openapi.json")).html,
        "slug": slug,
    }
    body = templates.get_template(f"docs/{template}").render(base_url=base_url, **tools, **context)
    return Page(title, Markup(body), headings)


def text(path: str) -> str:
    return (HOME / path).read_text(encoding="utf-8")


def filled(source: str, base_url: str) -> str:
    """With the address of this server in place of those that stand for one."""
    websocket_url = "ws" + base_url.removeprefix("http")
    for host in ("://localhost:8000", "s://callboard.example.com"):
        source = source.replace("http" + host, base_url).replace("ws" + host, websocket_url)
    return source


def address(path: str, link: str) -> str | None:
    """Where a link in the file at `path` leads on these pages; None to a file that is none of them."""
    target, mark, fragment = link.partition("#")
    if not target or target.startswith(("/", "https:", "http:", "mailto:")):
        return link
    file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if file == "docs/sources":
        return "/docs#sources"
    if file.startswith("examples/") and file in FILES:
        return f"/docs/examples#{posixpath.basename(file)}"
    name = file.removeprefix("docs/").removesuffix(".md")
    return f"/docs/{name}{mark}{fragment}" if name in NAMES or name in FILES else None


def _start(base_url: str) -> tuple[str, str, list[Heading], dict]:
    tasks = [
        (id_, heading, {way: (file, text(f"examples/{file}")) for way, file in files.items()})
        for id_, heading, files in TASKS
    ]
    headings = [Heading(2, id_, heading) for id_, heading, _ in TASKS]
    headings += [Heading(2, "sources", "Connect a provider"), Heading(2, "tools", "For tools")]
    context = {"tasks": tasks, "sources": GROUPS["Sources"], "guides": GROUPS, "descriptions": DESCRIPTIONS}
    return "For developers", "start.html", headings, context


def _rest(base_url: str) -> tuple[str, str, list[Heading], dict]:
    told = json.loads(text("docs/openapi.json"))
    rest = Rest(told, base_url)
    headings = []
    for group in rest.groups:
        headings.append(Heading(2, slug(group.name), group.name))
        headings += [Heading(3, entry.id, entry.summary) for entry in group.entries]
    headings.append(Heading(2, "shapes", "Objects"))
    headings += [Heading(3, shape.name, shape.name) for shape in rest.shapes]
    context = {"intro": _but_first(told["info"]["description"]), "groups": rest.groups, "shapes": rest.shapes}
    return "REST", "rest.html", headings, context


def _messages(base_url: str) -> tuple[str, str, list[Heading], dict]:
    told = json.loads(text("docs/asyncapi.json"))
    sockets = Messages(told).sockets
    headings = []
    for socket in sockets:
        headings.append(Heading(2, socket.id, socket.title))
        headings += [Heading(3, message.id, message.title) for message in socket.messages]
    return "Messages", "messages.html", headings, {"intro": _but_first(told["info"]["description"]), "sockets": sockets}


def _but_first(paragraphs: str) -> str:
    """Without the paragraph that says what the file is: the page says what the page is."""
    return paragraphs.partition("\n\n")[2]


def _examples(base_url: str) -> tuple[str, str, list[Heading], dict]:
    examples = {name: text(f"examples/{name}") for name in EXAMPLES}
    return "Examples", "examples.html", [Heading(2, name, name) for name in EXAMPLES], {"examples": examples}


_MAKERS = {"": _start, "rest": _rest, "messages": _messages, "examples": _examples}
