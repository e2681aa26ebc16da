"""A browser without a screen or scripts: it keeps cookies, reads pages as documents, and sends forms."""

from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from house import House
from log_reader import is_secret

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]):
        self.tag, self.attributes, self.pieces = tag, attributes, []

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


class Document(HTMLParser):
    """Every element of a page, flat, each with all the text inside it."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:  # `<input/>` ends itself
            while self._open and self._open.pop().tag != tag:
                pass

    def handle_data(self, data):
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str | None = None, **attributes: str) -> list[Element]:
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if tag in (None, element.tag) and all(element.attributes.get(name) == it for name, it in wanted.items())
        ]

    def part(self, name: str) -> str:
        (element,) = self.all(data_part=name)
        return element.text

    @property
    def text(self) -> str:
        return self.all("body")[0].text

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field."""
        found = {e.attributes["id"]: e.text for e in self.elements if e.attributes.get("class") == "field-error"}
        return {id_.removeprefix("error-"): text for id_, text in found.items()}

    @property
    def focused(self) -> list[str | None]:
        return [element.attributes.get("name") for element in self.elements if "autofocus" in element.attributes]


class Answer(NamedTuple):
    code: int
    location: str | None
    page: Document


class Visitor:
    def __init__(self, house: House):
        self.house = house
        self.cookies: dict[str, str] = {}

    async def get(self, path: str) -> Answer:
        return await self._send("GET", path)

    async def post(self, path: str, *, xsrf: bool = True, **fields: str | list[str]) -> Answer:
        """The answer to a form, not followed."""
        if xsrf and "_xsrf" not in self.cookies:
            answer = await self.get("/sign-in")
            if answer.location:  # nobody can sign in yet
                await self.get(answer.location)
        is_secret(*(value for name, value in fields.items() if name.startswith(("password", "secret"))))
        token = {"_xsrf": self.cookies["_xsrf"]} if xsrf else {}
        return await self._send("POST", path, urlencode(token | fields, doseq=True))

    async def submit(self, path: str, **fields: str | list[str]) -> Document:
        """The page that a form leads to."""
        answer = await self.post(path, **fields)
        assert answer.code == 303, (answer.code, answer.page.errors, answer.page.text)
        return (await self.get(answer.location)).page

    async def sign_in(self, email: str = "ada@example.com", password: str = "correct horse") -> "Visitor":
        await self.get("/sign-in")
        answer = await self.post("/sign-in", email=email, password=password)
        assert answer.code == 303, answer.page.text
        return self

    async def is_signed_in(self) -> bool:
        return (await self.get("/")).code == 200

    async def _send(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **({"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}),
        }
        answer = await self.house.fetch(method, path, body, key=None, headers=headers)
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return Answer(answer.code, answer.headers.get("Location"), Document((answer.body or b"").decode()))
