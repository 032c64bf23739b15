from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from tests.unit.storage.review.filing import AT, Filed, file_cases, picture

from tutela.errors import InvalidInput, NotFound
from tutela.model import CaseState, Severity
from tutela.model.custody.leaf import Leaf
from tutela.model.response.case import CaseKind
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.search import CaseOrder, CaseQuery
from tutela.storage.access.accounts import Accounts
from tutela.storage.banks import Banks
from tutela.storage.cases import CaseFile, Cases
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.tables import readings, samples
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import cases as table
from tutela.storage.values import now

DIGEST = "0a" * 32
ODD = "100%_\\' OR 1=1 --\u202e\U0001f9ff\u0000"[:-1]


@pytest.fixture
def cases(database: Database) -> Cases:
    bank = Banks(database).create("hills", trusted=True).id
    filed = [
        Filed(
            f"e{at}",
            actor=f"actor {at % 7}" if at % 3 else "",
            conversation=f"chat {at}",
            contents=[picture(at)] if at % 4 == 0 else [],
            sha256=DIGEST if at == 8 else "",
            drill=at % 2 == 0,
            severity=list(Severity)[at % 4],
            imminent=at % 5 == 0,
            principles=((1,), (2, 11), (10,), ())[at % 4],
            region=("NL", "FR", "")[at % 3],
            language=("en", "en-GB", "fr", "e")[at % 4],
            kind=CaseKind.APPEAL if at % 6 == 5 else CaseKind.FINDING,
            summary=ODD if at == 3 else f"Match in bank hills {at}",
            bank_id=bank if at % 3 == 0 else 0,
            minutes=at,
            receivers=at % 3,
        )
        for at in range(24)
    ]
    file_cases(database, filed)
    Gathering(database).gather()
    with database.write() as connection:
        decided = {"state": "closed", "outcome": "harmless", "category": "s:A1"}
        own = update(table).where(table.c.id.in_(["case-e1", "case-e5"]))
        connection.execute(own.values(decided_at=AT + timedelta(hours=1), **decided))
        late = update(table).where(table.c.id == "case-e2")
        connection.execute(late.values(waits_until=now() - timedelta(seconds=1)))
        soon = update(table).where(table.c.id != "case-e2")
        connection.execute(soon.values(waits_until=now() + timedelta(days=400)))
    ada = Accounts(database).create("ada", "reviewer")
    Claims(database).take("case-e0", ada.id)
    draw(database, "case-e5", ada.id)
    return Cases(database)


def draw(database: Database, case_id: str, account_id: str) -> None:
    """Let a closed case wait to be read again, after somebody has read it."""
    columns = {
        **dict.fromkeys(["outcome", "category", "scheme", "reasons", "note", "statement"], ""),
        **dict.fromkeys(["contents", "stacks", "revealed", "revision"], 0),
        **dict.fromkeys(["claimed_at", "at", "settles_at"], AT),
    }
    with database.write() as connection:
        seq = connection.scalar(select(table.c.event_seq).where(table.c.id == case_id))
        of = {"case_seq": seq, "queue": "everything"}
        read = insert(readings).values(
            claim="c", account_id=account_id, purpose="first", unseen=False, **of, **columns
        )
        number = connection.scalar(read.returning(readings.c.id))
        connection.execute(insert(samples).values(drawn_at=AT, first_reading=number, **of))


def word(text: str) -> Callable[[CaseFile], bool]:
    def holds(file: CaseFile) -> bool:
        actor = file.event.actor.id if file.event.actor else ""
        texts = (file.case.summary, actor, file.event.conversation)
        return all(any(one.lower() in some.lower() for some in texts) for one in text.split())

    return holds


WAITING = {CaseState.OPEN, CaseState.SECOND, CaseState.DISPUTED}

FILTERS: Mapping[str, tuple[Mapping[str, Any], Callable[[CaseFile], bool]]] = {
    "id": ({"id": "case-e4"}, lambda f: f.case.id == "case-e4"),
    "event": ({"id": "e4"}, lambda f: f.event.id == "e4"),
    "actor": (
        {"actor": "actor 1"},
        lambda f: f.event.actor is not None and f.event.actor.id == "actor 1",
    ),
    "conversation": ({"conversation": "chat 3"}, lambda f: f.event.conversation == "chat 3"),
    "queue": ({"queue": "everything"}, lambda f: f.standing.queue == "everything"),
    "no queue": ({"queue": "nowhere"}, lambda _: False),
    "state": ({"state": CaseState.CLOSED}, lambda f: f.case.state is CaseState.CLOSED),
    "gathered": ({"gathered": True}, lambda f: f.case.state is CaseState.GATHERED),
    "waiting": ({"waiting": True}, lambda f: f.case.state in WAITING),
    "not waiting": ({"waiting": False}, lambda f: f.case.state not in WAITING),
    "overdue": ({"overdue": True}, lambda f: f.case.id == "case-e2"),
    "not overdue": ({"overdue": False}, lambda f: f.case.id != "case-e2"),
    "held": ({"held": True}, lambda f: f.case.id == "case-e0"),
    "not held": ({"held": False}, lambda f: f.case.id != "case-e0"),
    "settled": ({"settled": True}, lambda f: f.case.id == "case-e1"),
    "not settled": ({"settled": False}, lambda f: f.case.id != "case-e1"),
    "outcome": (
        {"outcome": ReviewOutcome.HARMLESS},
        lambda f: f.standing.decided is not None,
    ),
    "category": ({"category": "A1"}, lambda f: f.standing.decided is not None),
    "scheme": ({"category": "s:A1"}, lambda f: f.standing.decided is not None),
    "severity": ({"severity": Severity.HIGH}, lambda f: f.case.severity is Severity.HIGH),
    "principle 1": ({"principle": 1}, lambda f: 1 in f.case.principles),
    "principle 11": ({"principle": 11}, lambda f: 11 in f.case.principles),
    "region": ({"region": "FR"}, lambda f: f.standing.region == "FR"),
    "language": ({"language": "en"}, lambda f: f.standing.language.split("-")[0] == "en"),
    "kind": ({"kind": CaseKind.APPEAL}, lambda f: f.case.kind is CaseKind.APPEAL),
    "imminent": ({"imminent": True}, lambda f: f.case.imminent),
    "drill": ({"drill": False}, lambda f: not f.case.drill),
    "opened from": (
        {"opened_from": AT + timedelta(minutes=9)},
        lambda f: f.case.opened_at >= AT + timedelta(minutes=9),
    ),
    "opened until": (
        {"opened_until": AT + timedelta(minutes=9)},
        lambda f: f.case.opened_at < AT + timedelta(minutes=9),
    ),
    "decided": ({"decided_from": AT}, lambda f: f.standing.decided is not None),
    "decided before": ({"decided_until": AT}, lambda _: False),
    "bank": ({"bank": "hills"}, lambda f: bool(f.outcome.matches)),
    "no bank": ({"bank": "lakes"}, lambda _: False),
    "digest": ({"digest": DIGEST.upper()}, lambda f: f.event.id == "e8"),
    "words": ({"text": "bank HILLS"}, word("bank hills")),
    "another column": ({"text": "chat 1"}, word("chat 1")),
    "odd words": ({"text": "100%_\\'"}, word("100%_\\'")),
    "no pattern": ({"text": "h%ls"}, lambda _: False),
}
NARROW = ("id", "actor", "conversation", "bank", "entry", "digest", "text")


def everything(cases: Cases) -> list[CaseFile]:
    every = [CaseQuery(gathered=gathered) for gathered in (True, False)]
    return [file for query in every for file in cases.list(query, limit=500)]


def expected(cases: Cases, *names: str) -> set[str]:
    """What all of some filters hold of, looked at one by one."""
    asked = {key for name in names for key in FILTERS[name][0]}
    also = bool(asked & {*NARROW, "gathered", "state"})
    return {
        file.case.id
        for file in everything(cases)
        if (also or file.case.state is not CaseState.GATHERED)
        and all(FILTERS[name][1](file) for name in names)
    }


def query(*names: str) -> CaseQuery:
    return CaseQuery(**{key: value for name in names for key, value in FILTERS[name][0].items()})


def test_each_filter_finds_what_it_holds_of(cases: Cases) -> None:
    empty = []
    for name in FILTERS:
        found = {file.case.id for file in cases.list(query(name), limit=500)}
        assert found == expected(cases, name), name
        assert cases.count(query(name)) == len(found)
        empty += [] if found else [name]
    assert empty == ["no queue", "decided before", "no bank", "no pattern"]


def test_any_two_filters_hold_together(cases: Cases) -> None:
    found_any = 0
    for one, other in itertools.combinations(FILTERS, 2):
        if set(FILTERS[one][0]) & set(FILTERS[other][0]):
            continue
        found = {file.case.id for file in cases.list(query(one, other), limit=500)}
        assert found == expected(cases, one, other), (one, other)
        found_any += bool(found)
    assert found_any > 100


@pytest.mark.parametrize("order", CaseOrder)
def test_pages_hold_everything_once_in_order(cases: Cases, order: CaseOrder) -> None:
    pages = list(paged(cases, CaseQuery(order=order)))
    keys = {
        CaseOrder.LATEST: lambda f: (-f.case.opened_at.timestamp(),),
        CaseOrder.OLDEST: lambda f: (f.case.opened_at.timestamp(),),
        CaseOrder.SCORE: lambda f: (-f.standing.score, f.case.opened_at.timestamp()),
    }
    assert [file.case.id for file in pages] == [
        file.case.id for file in sorted(pages, key=keys[order])
    ]
    assert len({file.case.id for file in pages}) == len(pages) == cases.count()


def paged(cases: Cases, wanted: CaseQuery) -> Iterator[CaseFile]:
    after = None
    while page := cases.list(wanted, after=after, limit=4):
        yield from page
        after = page[-1].case.id


def test_who_reads_a_case_is_found_by_pseudonym(cases: Cases, database: Database) -> None:
    (ada,) = Accounts(database).list()
    (file,) = cases.list(CaseQuery(holder=ada.pseudonym))
    assert file.case.id == "case-e0"
    assert file.standing.holding is not None
    assert file.standing.holding.pseudonym == ada.pseudonym
    assert cases.list(CaseQuery(holder=ada.name)) == []
    with database.write() as connection:
        connection.execute(update(table).values(claimed_until=now() - timedelta(seconds=1)))
    assert cases.list(CaseQuery(holder=ada.pseudonym)) == []
    assert cases.get("case-e0").standing.holding is None


def test_counting_stops(cases: Cases) -> None:
    assert cases.count(most=5) == 5


def test_what_cannot_be_asked(cases: Cases) -> None:
    with pytest.raises(InvalidInput):
        cases.list(CaseQuery(text="a b c d e f g h i"))
    with pytest.raises(InvalidInput):
        cases.list(CaseQuery(opened_from=AT.replace(tzinfo=None)))
    with pytest.raises(NotFound):
        cases.list(after="case-nobody")


def test_what_a_case_holds(cases: Cases) -> None:
    (content,) = cases.contents("case-e8")
    assert (content.event_id, content.path, content.pdq) == ("e8", ("0.png",), picture(8))
    assert content.item == ""


def test_an_export_is_in_the_log_before_the_first_case(
    cases: Cases, leaves: Callable[[], list[Leaf]]
) -> None:
    export = cases.export(CaseQuery(actor="actor 1"), by="cli:somebody", form="csv")
    (leaf,) = [one for one in leaves() if one.kind == "export"]
    assert leaf.by == "cli:somebody"
    assert leaf.data == {"did": "exported", "format": "csv", "filters": "actor"}
    assert [one.case.id for one in export] == [
        file.case.id for file in cases.list(CaseQuery(actor="actor 1"))
    ]
