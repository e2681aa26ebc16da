"""Markdown in, the pieces of a page out: HTML, and the headings that it can be linked to. Raw HTML in it stays text."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_REMARK = re.compile(r"^<!-- .* -->\n", re.MULTILINE)  # a line for who writes the text: no more shown than on GitHub


class Heading(NamedTuple):
    level: int  # 2 or 3
    id: str
    text: str


class Rendered(NamedTuple):
    title: str  # the heading of level 1
    html: Markup  # what stands below it
    headings: list[Heading]  # in order


def as_it_is(text: str) -> str:
    return text


def rendered(
    text: str, *, resolve: Callable[[str], str | None] = as_it_is, fill: Callable[[str], str] = as_it_is
) -> Rendered:
    """A whole text. `resolve` tells where a link as written leads, None for one that leads to nothing here: its words
    stay, without a link. `fill` has the last word about what stands in code."""
    tokens = _MARKDOWN.parse(_REMARK.sub("", text))
    _mend(tokens, resolve, fill)
    title = ""
    if tokens and tokens[0].tag == "h1":
        title = _words(tokens[1])
        tokens = tokens[3:]
    headings = list(_anchored(tokens))
    return Rendered(title, Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})), headings)


def inline(text: str, *, resolve: Callable[[str], str | None] = as_it_is) -> Markup:
    """One line of it, or a few, without a paragraph around."""
    tokens = _MARKDOWN.parseInline(text)
    _mend(tokens, resolve, as_it_is)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def code(text: str) -> Markup:
    """A block of code as every page of ours shows it; the button appears where there is a clipboard."""
    return Markup(
        '<div class="code"><pre class="code-text" tabindex="0"><code>{}</code></pre>'
        '<button class="button is-small" type="button" data-copy="" hidden>Copy</button></div>\n'
    ).format(text.rstrip("\n") + "\n")


def slug(text: str) -> str:
    """What GitHub makes of a heading, so that a link to it works there and here: `What a call measures` →
    `what-a-call-measures`."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _mend(tokens: list[Token], resolve: Callable[[str], str | None], fill: Callable[[str], str]) -> None:
    for token in tokens:
        if token.type in ("fence", "code_block", "code_inline"):
            token.content = fill(token.content)
        elif token.type in ("th_open", "td_open"):
            token.attrs.pop("style", None)  # no page of ours has styles in it
        if token.children:
            token.children = list(_resolved(token.children, resolve))
            _mend(token.children, resolve, fill)


def _resolved(tokens: list[Token], resolve: Callable[[str], str | None]) -> Iterator[Token]:
    leads = True
    for token in tokens:
        if token.type == "link_open":
            address = resolve(str(token.attrs["href"]))
            leads = address is not None
            token.attrs["href"] = address or ""
        if leads or token.type not in ("link_open", "link_close"):
            yield token


def _anchored(tokens: list[Token]) -> Iterator[Heading]:
    """Makes every heading a link to itself."""
    taken: set[str] = set()
    for opening, inner in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = _words(inner)
        name = first = slug(text)
        number = 0
        while name in taken:  # as GitHub counts them
            number += 1
            name = f"{first}-{number}"
        taken.add(name)
        opening.attrs["id"] = name
        link = Token("link_open", "a", 1, attrs={"class": "docs-anchor", "href": f"#{name}"})
        inner.children = [link, *(inner.children or ()), Token("link_close", "a", -1)]
        if opening.tag in ("h2", "h3"):
            yield Heading(int(opening.tag[1]), name, text)


def _words(inline_token: Token) -> str:
    return "".join(token.content for token in inline_token.children or () if token.type in ("text", "code_inline"))


def _code(self: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return str(code(tokens[index].content))


def _table_open(self: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="docs-table" role="group" aria-label="Table" tabindex="0"><table>\n'


def _table_close(self: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name, rule in (
        ("fence", _code),
        ("code_block", _code),
        ("table_open", _table_open),
        ("table_close", _table_close),
    ):
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN = _markdown()
