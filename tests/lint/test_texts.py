"""Every text of the console is in every language, and no template says anything by itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes

from tutela.interfaces.language import LANGUAGES, SOURCE
from tutela.interfaces.language.catalogs import areas

if TYPE_CHECKING:
    from tests.lint.conftest import Module

TEMPLATES = Path("src/tutela/interfaces/console/templates")
SPEAKERS = {"_", "later", "gettext", "ngettext", "pgettext", "npgettext"}
SHOWN_ATTRIBUTES = {"title", "alt", "aria-label", "placeholder", "data-busy", "aria-description"}
CODE = {"code", "kbd", "pre", "script", "style"}
OWN_NAMES = {"Tutela"}
LETTER = re.compile(r"[^\W\d_]")
SENTENCE = re.compile(r"^[A-Z]|[^\W\d_] [^\W\d_]")
ATTRIBUTE = re.compile(r'(0 )?[\w-]+="[^"]*"')
"""What a template puts into a tag of the layout."""
PLACE = re.compile(r"%\((\w+)\)")


class Text(NamedTuple):
    """A text that is asked for, as catalogs know it."""

    context: str | None
    one: str
    many: str | None


@pytest.fixture(params=[language for language in LANGUAGES if language != SOURCE])
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_each_text_of_a_template_has_a_translation(language: str, root: Path) -> None:
    said = _said(language)
    assert [
        f"{name}: {text.one}"
        for name in _names(root)
        for text in _asked_by(root, name)
        if text not in said
    ] == []


def test_each_text_of_the_code_has_a_translation(language: str, source: tuple[Module, ...]) -> None:
    said = _said(language)
    assert [
        f"{module.where}: {text.one}"
        for module in source
        for text in _asked_in(module)
        if text not in said
    ] == []


def test_no_translation_is_of_a_text_that_nobody_asks_for(
    language: str, root: Path, source: tuple[Module, ...]
) -> None:
    asked = {text for name in _names(root) for text in _asked_by(root, name)}
    asked |= {text for module in source for text in _asked_in(module)}
    words = {word for module in source for word in _words(module)}
    assert [
        f"{area}: {text.one}"
        for area, catalog in areas(language)
        for text in _texts(catalog)
        if text not in asked and not (text.context and text.one in words)
    ] == []


def test_translations_say_one_thing_and_keep_what_is_filled_in(language: str) -> None:
    seen: dict[Text, object] = {}
    for area, catalog in areas(language):
        for message in catalog:
            if message.id:
                text = _text(message.context, message.id)
                assert seen.setdefault(text, message.string) == message.string, (area, text)
                places = set(PLACE.findall(text.one)) | set(PLACE.findall(text.many or ""))
                forms = "".join(_forms(message))
                assert set(PLACE.findall(forms)) == places, (area, text)


def test_no_template_says_anything_by_itself(root: Path) -> None:
    assert {name: bare for name in _names(root) if (bare := _bare(root, name))} == {}


@pytest.mark.parametrize(
    ("template", "bare"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello 0"]),
        ("<p>{{ _('Hello') }}, {{ 'yes' if one else 'no' }}</p>", ["0, yes no"]),
        ("<p>{{ one or 'nobody' }}</p>", ["0 nobody"]),
        ("<b title='A title'>1 · 2</b>", ["A title"]),
        ("<a href='/x'{% if here %} class='here'{% endif %}>{{ one }}</a>", []),
        ("<a href=\"{{ '/x' if one else '/y' }}\"><code>tutela run</code></a>", []),
        ("{{ part('A part', one) }}{{ part('id', two) }}", ["A part"]),
        ("{% trans %}Hello{% endtrans %}", []),
        ("{% set one = 'Some words' %}", ["Some words"]),
    ],
)
def test_that_bare_texts_are_seen(template: str, bare: list[str]) -> None:
    assert _bare_in(_environment().parse(template)) == bare


@cache
def _environment() -> Environment:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    return environment


def _names(root: Path) -> list[str]:
    folder = root / TEMPLATES
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html"))


@cache
def _parsed(root: Path, name: str) -> nodes.Template:
    return _environment().parse((root / TEMPLATES / name).read_text())


def _asked_by(root: Path, name: str) -> Iterator[Text]:
    """The texts that a template asks for."""
    text = (root / TEMPLATES / name).read_text()
    found = _environment().extract_translations(text)  # type: ignore[attr-defined]
    for _, function, message in found:
        parts = message if isinstance(message, tuple) else (message,)
        yield _asked(function, [part for part in parts if part is not None])


def _asked_in(module: Module) -> Iterator[Text]:
    """The texts that a module asks for."""
    if not module.name.startswith("tutela.interfaces."):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [part.value for part in node.args if isinstance(part, ast.Constant)]
            texts = [part for part in given if isinstance(part, str)]
            if function in SPEAKERS and texts:
                yield _asked(function, texts)


def _asked(function: str, given: list[str]) -> Text:
    context = given.pop(0) if function in {"pgettext", "npgettext"} else None
    return Text(context, given[0], given[1] if len(given) > 1 else None)


def _words(module: Module) -> Iterator[str]:
    """Names in the code that pages may show in words: values, and members of records."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield re.sub(r"_\d+d$", "", node.value).replace("_", " ")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield re.sub(r"_\d+d$", "", node.target.id).replace("_", " ")


@cache
def _said(language: str) -> frozenset[Text]:
    """The texts that have a translation."""
    return frozenset(
        _text(message.context, message.id)
        for _, catalog in areas(language)
        for message in catalog
        if message.id and all(_forms(message))
    )


def _forms(message: Message) -> list[str]:
    """A translation in all its forms."""
    given = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [str(form or "") for form in given]


def _texts(catalog: Catalog) -> Iterator[Text]:
    return (_text(message.context, message.id) for message in catalog if message.id)


def _text(context: str | None, ids: str | tuple[str, ...] | list[str]) -> Text:
    one, *many = [ids] if isinstance(ids, str) else ids
    return Text(context, one, many[0] if many else None)


def _bare(root: Path, name: str) -> list[str]:
    return _bare_in(_parsed(root, name))


def _bare_in(tree: nodes.Template) -> list[str]:
    """What a template says without asking for a translation."""
    page = _Page()
    page.feed("".join(_pieces(tree)))
    page.close()
    calls = (
        call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") not in SPEAKERS
    )
    given: list[nodes.Node] = [part for call in calls for part in call.args]
    given += [one.node for one in tree.find_all(nodes.Assign)]
    passed = [part.value for part in given if isinstance(part, nodes.Const)]
    return page.found + [one for one in passed if isinstance(one, str) and SENTENCE.search(one)]


def _pieces(node: nodes.Node) -> Iterator[str]:
    """The page that a template makes, with every branch, and 0 for what it is given."""
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            yield part.data if isinstance(part, nodes.TemplateData) else _literal(part)
        return
    if isinstance(node, nodes.CallBlock):
        yield "0"
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Stmt):
            yield from _pieces(child)


def _literal(node: nodes.Node) -> str:
    """What an expression says by itself: `yes no` for one of the two."""
    if isinstance(node, nodes.Const):
        return str(node.value)
    if isinstance(node, nodes.CondExpr):
        return f"{_literal(node.expr1)} {_literal(node.expr2) if node.expr2 else ''}"
    if isinstance(node, nodes.Or):
        return f"{_literal(node.left)} {_literal(node.right)}"
    if isinstance(node, nodes.Concat):
        return "".join(_literal(part) for part in node.nodes)
    return "0"


class _Page(HTMLParser):
    """Gathers what a page says, but for code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in CODE
        self.found += [
            text for name, text in attrs if name in SHOWN_ATTRIBUTES and text and _says(text)
        ]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in CODE

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._code or text in OWN_NAMES or ATTRIBUTE.fullmatch(text):
            return
        if _says(text.replace("· Tutela", "")):
            self.found.append(text)


def _says(text: str) -> bool:
    return LETTER.search(text) is not None
