"""Every number that counts rows leads to the rows: a walk over the pages of the console."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.unit.interfaces.acting import World

from tutela.interfaces.console.shell.navigation import PLACES

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor
    from tests.unit.interfaces.console.review.conftest import Open

WHOLE = re.compile(r"\d{1,3}(,\d{3})*|\d+")
A_FEW = 5
"""So many pages of one kind are looked at."""
NAMES = ("Entry", "Leaf")
NOT_ROWS: Mapping[str, str] = {
    **dict.fromkeys(("Entry", "Leaf", "Secret", "List version"), "it names one thing"),
    **dict.fromkeys(("Distance", "Bytes"), "it is a measure"),
    "Tries": "of the tries of an action only the last one is kept",
    "Count": "what was ever done is counted, and not all of it is kept",
    "Looked at": "of what the law is asked, days are counted and nothing else is kept",
    "Not looked at": "of what the law is asked, days are counted and nothing else is kept",
    "Severe items": "what somebody has seen is nobody else's to read",
    "s uncovered": "it is a length of time",
    "Readers": "it is a setting",
    "severe items since your last rest": "the last of those that stand above",
    "Events": "a re-scan counts what it passes, and keeps what it finds",
}
"""Numbers that lead nowhere, with why: by their column, or by how they begin."""


class Number(NamedTuple):
    """A number on a page, with its column or what stands beside it."""

    label: str
    many: int
    href: str | None


class Reading(HTMLParser):
    """What the walk looks at on a page: links, numbers, and how many rows there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.numbers: list[Number] = []
        self.rows = Counter[str]()
        self._heads: list[str] = []
        self._head = False
        self._cells: list[tuple[bool, str, str | None]] = []
        self._text: list[str] = []
        self._href: str | None = None
        self._part = ""
        self._in: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        self._part = given.get("id") or self._part if tag in {"h2", "section"} else self._part
        match tag:
            case "a" if given.get("href"):
                self.links.append(given["href"] or "")
                self._href = given["href"]
            case "thead":
                self._heads, self._head = [], True
            case "tbody":
                self._head = False
            case "tr":
                self._cells = []
                if {"data-href", "data-row"} & set(given):
                    self.rows.update({"", self._part})
            case "td" | "th" | "li":
                self._text, self._href = [], None
                self._in = [tag, *classes]

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text).split())
        match tag:
            case "th":
                if self._head:
                    self._heads.append(text)
                self._cells.append((False, text, None))
            case "td":
                self._cells.append(("number" in self._in, text, self._href))
            case "tr":
                self._numbers_of_row()
            case "li" if found := re.match(r"([\d,]+) (.*)", text):
                self.numbers.append(Number(found[2], int(found[1].replace(",", "")), self._href))

    def _numbers_of_row(self) -> None:
        for at, (is_number, text, href) in enumerate(reversed(self._cells), 1):
            if is_number and WHOLE.fullmatch(text):
                label = self._heads[-at] if at <= len(self._heads) else ""
                self.numbers.append(Number(label, int(text.replace(",", "")), href))


def walk(visitor: Visitor) -> Iterator[tuple[str, Reading]]:
    """The pages that links lead to, from the board on; a few of each kind."""
    waiting, seen, kinds = ["/console/review"], {"/console/review"}, Counter[str]()
    while waiting:
        address = waiting.pop(0)
        reading = read(visitor, address)
        yield address, reading
        for href in reading.links:
            found = urljoin(address, href).partition("#")[0]
            parts = urlsplit(found)
            kind = re.sub(r"[^/]*\d[^/]*", "*", parts.path) + "?" * bool(parts.query)
            kinds[kind] += 1
            if found not in seen and kinds[kind] <= A_FEW and parts.path.startswith("/console/"):
                seen.add(found)
                waiting.append(found)


def read(visitor: Visitor, address: str) -> Reading:
    parts = urlsplit(address)
    answer = visitor.ask(parts.path, **dict(parse_qsl(parts.query, keep_blank_values=True)))
    page = "html" in answer.headers.get("content-type", "") and answer.status != 404
    return Reading(answer.body.decode() if page else "")


def test_every_number_that_counts_rows_leads_to_them(person: Visit, case: Open, api: Api) -> None:
    world = World(api)
    world.read_by(case())
    for made in (case, world.delivery, world.rescan, world.parking, world.found, world.queue):
        made()
    world.delivery(failed=True)
    visitor, looked_at, counted, wrong = person("admin"), set[str](), 0, list[object]()
    for address, reading in walk(visitor):
        looked_at.add(urlsplit(address).path.split("/")[2])
        for number in reading.numbers:
            if number.href is None:
                if not number.label.startswith(tuple(NOT_ROWS)):
                    wrong.append((address, number))
            elif number.label not in NAMES:
                target = urljoin(address, number.href)
                rows = read(visitor, target).rows[urlsplit(target).fragment]
                wrong += [(address, number, rows)] if rows != number.many else []
                counted += number.many > 0
    assert wrong == [], "\n".join(map(str, wrong))
    assert {place.href.split("/")[2] for place in PLACES} <= looked_at
    assert counted > 10
