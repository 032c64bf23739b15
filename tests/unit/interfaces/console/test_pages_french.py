"""Pages in French say nothing in English but what is marked as English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World

from tutela.errors import InvalidInput
from tutela.evidence.custody.wording import BOUNDS, KINDS, STATES, STEPS, TOUCHES
from tutela.interfaces.console.custody.evidence import NO_REASON
from tutela.interfaces.console.custody.evidence import WORDS as WORDS_OF_A_REASON
from tutela.interfaces.console.defence import REFUSED, whole
from tutela.interfaces.console.response.destinations import MOST_HOURS, MOST_SECONDS
from tutela.interfaces.language.catalogs import areas
from tutela.model import (
    ActionKind,
    AgeBand,
    AgeSource,
    CaseState,
    DeliveryState,
    EntryState,
    EventKind,
    GapReason,
    RescanState,
    Severity,
    SurfaceClass,
    Verdict,
)
from tutela.model.bank import DISTANCE
from tutela.model.custody.evidence import EvidenceKind, ItemState
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.terms import Bound, Moment
from tutela.model.match import Silencing
from tutela.model.parking import ParkingDecision
from tutela.storage.audit.reading import AuditLog
from tutela.storage.defence.period import MOST_DAYS
from tutela.storage.rules.switches import SwitchSource

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

GAP = re.compile(r"%\\?\(\w+\\?\)s")
LETTERS = re.compile(r"[^\W\d_]{3}")
PLACE = r"\S+(?: \S+){0,2}"
"""What may stand where a text has a gap."""
VOID = {"input", "br", "link", "meta", "hr", "img"}
CODE = {"code", "pre", "script", "style", "kbd"}
SHOWN = {"aria-label", "data-busy", "title", "placeholder"}
FRENCH = {
    text
    for _, catalog in areas("fr")
    for message in catalog
    for text in ([message.string] if isinstance(message.string, str) else message.string or ())
}
"""What is French, though it may be another word of English: the files that cases wait in."""
EVENT = {
    "event_id": "said",
    "kind": "message",
    "surface": "direct-messages",
    "region": "DE",
    "actor": {"id": "a 1", "age": "adult", "age_source": "declared"},
    "receivers": [{"id": "a 2", "age": "under_13"}],
    "account": {"minors_contacted_7d": 4, "reports_30d": 0},
    "ratings": [{"name": "grooming", "value": 8.5, "probability": 0.75, "model": "m"}],
}
PAGES: dict[str, Callable[[World], str]] = {
    "banks": lambda _: "/banks",
    "bank": lambda w: f"/banks/{w.listed()}",
    "entry": lambda w: f"/entries/{w.entry()}",
    "defence": lambda w: f"/defence?with={w.parking()}",
    "preview": lambda w: f"/banks/{w.listed()}/preview?distance=20",
    "rescans": lambda w: f"/rescans?with={w.rescan()}",
    "rescan": lambda w: f"/rescans/{w.rescan(paused=True)}",
    "policy": lambda _: "/policy",
    "policy version": lambda w: f"/policy/versions/{w.other_policy()}",
    "bar": lambda _: "/conversations/bar",
    "explanation": lambda w: f"/events/{_event(w)}/explanation",
    "law": lambda _: "/law?region=DE&surface=wall",
    "nowhere": lambda _: "/law?region=XX&surface=wall",
    "pack": lambda _: "/law/eu",
    "audit": lambda _: "/audit",
    "leaf": lambda w: f"/audit/{AuditLog(w.services.database).about([_held(w)])[0].index}",
    "evidence": lambda _: "/evidence",
    "item": lambda w: f"/evidence/{_held(w)}",
    "actions": lambda w: f"/actions?with={w.delivery(failed=True)}",
    "action": lambda w: f"/actions/{w.delivery()}",
    "destinations": lambda _: "/destinations",
    "destination": lambda w: f"/destinations/{w.destination(enabled=False)}",
    "case": lambda w: f"/cases/{w.found().case_id}",
    "cases": lambda _: "/cases",
    "event": lambda w: f"/events/{_event(w)}",
}

WORDS: Mapping[str, Iterable[str]] = {
    "action": ActionKind,
    "age": [one for one in (*AgeBand, *AgeSource) if one not in {"unknown", "not_told"}],
    "case": CaseState,
    "custody": [*KINDS.values(), *STATES.values(), *STEPS.values(), *BOUNDS.values()],
    "delivery": DeliveryState,
    "entry": [*EntryState, *(one for one in ParkingDecision if one != "noted")],
    "event": EventKind,
    "evidence": EvidenceKind,
    "gap": GapReason,
    "item": ItemState,
    "law": [*Moment, *Bound, "yes", "no"],
    "leaf": AuditKind,
    "policy source": SwitchSource,
    "rescan": RescanState,
    "severity": Severity,
    "silenced": Silencing,
    "surface": SurfaceClass,
    "touch": TOUCHES.values(),
    "verdict": Verdict,
}
"""Names that these pages say in words, by their context."""


class Page(HTMLParser):
    """What a page shows, without code and what is marked as English."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            assert dict(attrs)["lang"] == "fr"
        self.texts += [text or "" for name, text in attrs if name in SHOWN]
        if tag not in VOID:
            given = dict(attrs)
            hides = (
                tag in CODE
                or given.get("lang") == "en"
                or "id" in (given.get("class") or "").split()
            )
            self._hidden += bool(self._hidden or hides)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._hidden = max(self._hidden - 1, 0)

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self._hidden:
            self.texts.append(text)


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


@pytest.fixture(scope="module")
def english() -> list[re.Pattern[str]]:
    """What the console says in English, and in other words in French."""
    found = []
    for _, catalog in areas("fr"):
        for message in catalog:
            said = "".join(message.string or "")
            for one in [message.id] if isinstance(message.id, str) else message.id:
                for part in re.split(r"<[^>]*>", one):
                    if LETTERS.search(GAP.sub("", part)) and part not in said:
                        text = GAP.sub(lambda _: PLACE, re.escape(part.strip()))
                        found.append(re.compile(text))
    return found


def test_that_english_is_found(english: list[re.Pattern[str]]) -> None:
    page = Page('<html lang="fr"><p>Nothing matched.</p><p lang="en"><b>Why</b></p>Motif</html>')
    assert _in(page, english) == ["Nothing matched."]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_in_french(name: str, world: World, english: list[re.Pattern[str]]) -> None:
    body = _shown(world, PAGES[name](world))
    assert _in(Page(body), english) == []


def test_an_error_is_in_french_or_marked_as_english(world: World) -> None:
    assert "le nombre de jours est un nombre entier jusqu\u2019à 3\u202f650." in _refused(
        world, "/defence", days="many"
    )
    assert '<span lang="en">the number of days is 1 to 3650</span>' in _refused(
        world, "/defence", days="0"
    )


def test_what_forms_with_numbers_and_reasons_refuse_is_known() -> None:
    asked = {
        "distance": DISTANCE,
        "number of days": MOST_DAYS,
        "number of hours": MOST_HOURS,
        "number of seconds": MOST_SECONDS,
    }
    for what, greatest in asked.items():
        with pytest.raises(InvalidInput) as refused:
            whole("", what, greatest)
        assert refused.value.what in REFUSED
    assert str(WORDS_OF_A_REASON) in NO_REASON


@pytest.mark.parametrize("context", WORDS)
def test_each_name_that_is_shown_has_a_word(context: str) -> None:
    known = {
        message.id
        for _, catalog in areas("fr")
        for message in catalog
        if message.context == context and message.string
    }
    assert {str(name).replace("_", " ") for name in WORDS[context]} <= known


def _shown(world: World, path: str) -> str:
    headers = {**world.cookie, "accept-language": "fr-CH, en;q=0.5"}
    path, _, query = path.partition("?")
    path = f"/console{path}"
    answer = world.api.ask("GET", path, role="", headers=headers, raw_query=query.encode())
    assert answer.status == 200, answer
    return answer.body.decode()


def _refused(world: World, path: str, **query: str) -> str:
    headers = {**world.cookie, "accept-language": "fr"}
    answer = world.api.ask("GET", f"/console{path}", role="", headers=headers, query=query)
    assert answer.status == 400, answer
    return answer.body.decode()


def _in(page: Page, english: list[re.Pattern[str]]) -> list[str]:
    return [
        text
        for text in page.texts
        if text not in FRENCH and any(one.fullmatch(text) for one in english)
    ]


def _held(world: World) -> str:
    return world.hold().item_id


def _event(world: World) -> str:
    answer = world.api.post("/v1/check", EVENT)
    assert answer.status == 200, answer
    return str(EVENT["event_id"])
