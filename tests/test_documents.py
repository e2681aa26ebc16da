"""What the developers' pages are made of: Markdown, schemas and commands, each read by itself."""

import json
import shlex

import pytest

from documents.curl import Request, command
from documents.markdown import code, inline, rendered, slug
from documents.schemas import Schemas


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("What a call measures", "what-a-call-measures"),
        ("Deepgram's `/v1/listen`, and more", "deepgrams-v1listen-and-more"),
        ("Größe – 2", "größe--2"),
    ],
)
def test_a_heading_is_named_as_github_names_it(heading, name):
    assert slug(heading) == name


def test_headings_link_to_themselves_and_no_two_have_one_name():
    page = rendered("# Title\n\n## A `b`\n\n### Why\n\n## A b\n")
    assert page.title == "Title"
    assert [(it.level, it.id, it.text) for it in page.headings] == [
        (2, "a-b", "A b"),
        (3, "why", "Why"),
        (2, "a-b-1", "A b"),
    ]
    assert '<h2 id="a-b"><a class="docs-anchor" href="#a-b">A <code>b</code></a></h2>' in page.html


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a <b onclick=x>b</b>", "```\n</code><script>\n```"])
def test_markup_in_a_text_stays_text(hostile):
    html = rendered(hostile).html
    assert "<script" not in html and "<b " not in html


def test_a_remark_for_who_writes_the_text_is_not_shown():
    html = rendered("<!-- made by a program -->\n| a |\n|---|\n| b |\n<!-- /made -->\n\n    <!-- code -->\n").html
    assert "made" not in html and html.count("<tr>") == 2 and "&lt;!-- code --&gt;" in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_no_link_runs_anything(link):
    assert "href" not in rendered(f"[a]({link})").html


def test_a_table_has_no_style_of_its_own():
    assert "style" not in rendered("| a |\n|--:|\n| 1 |\n").html


def test_links_lead_where_they_are_said_to_and_one_that_leads_nowhere_is_its_words():
    leads = {"b.md": "/docs/b"}.get
    assert inline("[b](b.md), [*c*](c.md)", resolve=leads) == '<a href="/docs/b">b</a>, <em>c</em>'


def test_code_has_the_last_word_about_what_stands_in_it_and_nothing_else_is_changed():
    page = rendered("old\n\n`old`\n\n```\nold <\n```\n", fill=lambda text: text.replace("old", "new"))
    assert "<p>old</p>" in page.html and "<code>new</code>" in page.html and "<code>new &lt;\n</code>" in page.html
    assert "<code>a &amp;\n</code>" in code("a &\n\n")


SCHEMAS = {
    "Call": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1}}},
    "Word": {"type": "string", "enum": ["a", "b"], "description": "A word."},
}


@pytest.mark.parametrize(
    ("schema", "kind", "limits"),
    [
        ({"type": ["string", "null"], "minLength": 1, "maxLength": 64}, "string or null", "1 to 64 characters"),
        (
            {"type": "integer", "minimum": 0, "maximum": 1000, "default": 100},
            "integer",
            "0 to 1,000; `100` if left out",
        ),
        ({"type": "number", "minimum": 0}, "number", "0 or more"),
        ({"const": "live"}, '`"live"`', ""),
        ({"$ref": "#/components/schemas/Word"}, '`"a"` or `"b"`', ""),
        ({"anyOf": [{"$ref": "#/components/schemas/Word"}, {"type": "null"}]}, '`"a"`, `"b"` or null', ""),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Call"}}, "array of [Call](#Call)", ""),
        (
            {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "maxLength": 9}]},
            "integer or string",
            "integer 1 or more; string up to 9 characters",
        ),
        (
            {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
            "array of integer",
            "2 items; each 0 or more",
        ),
        ({"type": "string", "pattern": r"^[^\u0000]*$", "format": "date"}, "string", "without NUL; date"),
        ({}, "anything", ""),
    ],
)
def test_a_schema_in_words(schema, kind, limits):
    schemas = Schemas({"components": {"schemas": SCHEMAS}}, has_links=True)
    assert (schemas.kind(schema), schemas.limits(schema)) == (kind, limits)


def test_what_is_in_a_field_is_listed_behind_it_unless_it_has_a_page_of_its_own():
    call, word = {"$ref": "#/components/schemas/Call"}, {"$ref": "#/components/schemas/Word"}
    node = {"required": ["calls"], "properties": {"calls": {"type": "array", "items": call}, "said": word}}
    linked, whole = (Schemas({"components": {"schemas": SCHEMAS}}, has_links=it).fields(node) for it in (True, False))
    assert [(it.name, it.is_required) for it in linked] == [("calls", True), ("said", False)]
    assert [(it.name, it.meaning) for it in whole] == [("calls", ""), ("calls[].id", ""), ("said", "A word.")]


def test_one_of_several_objects_has_the_fields_of_all_and_what_each_says_of_them():
    final, interim = ({"required": ["x"], "properties": {"x": {"const": it}, str(it): {}}} for it in (True, False))
    fields = list(Schemas({}, has_links=False).fields({"anyOf": [final, interim, {"type": "null"}]}))
    assert [(it.name, it.kind, it.is_required) for it in fields] == [
        ("x", "`true` or `false`", True),
        ("True", "anything", False),
        ("False", "anything", False),
    ]


def test_a_command_takes_any_text_and_keeps_the_key_out_of_its_arguments():
    body = {"content": "it's $HOME `x` \\"}
    request = Request("POST", "http://localhost", "/calls/{id}", {"id": "a/b"}, {"q": "my bike"}, body, True)
    line = command(request)
    words = shlex.split(line.replace("\\\n", ""))
    assert words[:3] == ["echo", "Authorization: Bearer $CALLBOARD_KEY", "|"]
    assert "http://localhost/calls/a%2Fb?q=my+bike" in words
    assert json.loads(words[-1]) == body
