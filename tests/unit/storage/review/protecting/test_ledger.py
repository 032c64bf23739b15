"""The ledger: the database's numbers against rows that are counted one by one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert

from tutela.model.review.ledger import AVOIDED, Column, Split
from tutela.model.review.protection import ExposureKind
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.protecting.ledger import Ledger
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.rows import seq_of
from tutela.storage.review.tables import readings
from tutela.storage.values import now

Opened = Callable[..., str]
DAY = timedelta(days=1)


def by_hand(contents: int, stacks: int, revealed: int, *, unseen: bool) -> Split:
    """One content after the other: those that were seen first, and the first of each stack."""
    found = dict.fromkeys(Column, 0)
    for number in range(contents):
        if number < revealed:
            found[Column.UNCOVERED] += 1
        elif unseen:
            found[Column.UNSEEN] += 1
        elif number < (stacks or contents):
            found[Column.COVERED] += 1
        else:
            found[Column.ALIKE] += 1
    return Split(**{column.value: number for column, number in found.items()})


def test_the_numbers_are_those_of_the_rows(
    database: Database, opened: Opened, people: list[str]
) -> None:
    chance, present, ledger = random.Random(7), now(), Ledger(database)  # noqa: S311 - a test's own
    names = [opened(f"e{number}") for number in range(3)]
    with database.read() as connection:
        cases = [seq_of(connection, name) for name in names]
    made = [_row(chance, cases, people, present) for _ in range(120)]
    with database.write() as connection:
        connection.execute(insert(readings), made)
    for since, until, person in (
        (present - 9 * DAY, present + DAY, None),
        (present - 3 * DAY, present - DAY, None),
        (present - 9 * DAY, present + DAY, people[1]),
        (present + DAY, present + 2 * DAY, None),
    ):
        kept = [
            one
            for one in made
            if since <= one["at"] < until
            and one["undone_at"] is None
            and person in (None, one["account_id"])
        ]
        splits = [
            by_hand(one["contents"], one["stacks"], one["revealed"], unseen=one["unseen"])
            for one in kept
        ]
        told = ledger.counts(since, until, person)
        assert (told.readings, told.contents) == (len(kept), sum(o["contents"] for o in kept))
        rows = ledger.rows(since, until, account_id=person, limit=500)
        assert [one.split for one in reversed(rows)] == splits
        for column in Column:
            number = sum(getattr(split, column) for split in splits)
            behind = ledger.rows(since, until, column=column, account_id=person, limit=500)
            assert getattr(told.split, column) == number
            assert sum(getattr(row.split, column) for row in behind) == number
            assert all(getattr(row.split, column) > 0 for row in behind)
        assert sum(getattr(told.split, column) for column in Column) == told.contents
        assert told.avoided == sum(getattr(told.split, column) for column in AVOIDED)


def test_rows_are_paged(database: Database, opened: Opened, people: list[str]) -> None:
    chance, present, ledger = random.Random(8), now(), Ledger(database)  # noqa: S311 - a test's own
    opened("e1")
    with database.read() as connection:
        cases = [seq_of(connection, "case-e1")]
    made = [_row(chance, cases, people, present) | {"undone_at": None} for _ in range(7)]
    with database.write() as connection:
        connection.execute(insert(readings), made)
    span = (present - 9 * DAY, present + DAY)
    pages, before = [], None
    while page := ledger.rows(*span, before=before, limit=3):
        pages.append([one.id for one in page])
        before = page[-1].id
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == [one.id for one in ledger.rows(*span)]


def test_a_reading_has_what_its_reader_uncovered(
    database: Database, opened: Opened, people: list[str]
) -> None:
    case_id, seen, claims = opened("e1"), Exposures(database), Claims(database)
    claim = claims.take(case_id, people[0])
    for item, kind in (
        ("item-1", ExposureKind.COVERED),
        ("item-2", ExposureKind.REVEAL),
        ("item-2", ExposureKind.CLIP),
    ):
        seen.begin(people[0], case_id, item, kind)
    new = NewReading(revision=claim.revision, outcome=ReviewOutcome.HARMLESS)
    assert Readings(database).give(claim.token, new, people[0]).revealed == 1


_CLAIMS = count()


def _row(
    chance: random.Random, cases: list[int], people: list[str], present: datetime
) -> dict[str, Any]:
    contents = chance.randint(0, 6)
    at = now() - chance.randint(0, 6) * DAY
    return {
        "case_seq": chance.choice(cases),
        "claim": f"claim-{next(_CLAIMS)}",
        "revision": 1,
        "account_id": chance.choice(people[:2]),
        "purpose": "first",
        "queue": "everything",
        "outcome": "harmless",
        "category": "",
        "scheme": "",
        "reasons": "[]",
        "note": "",
        "statement": "",
        "unseen": chance.random() < 0.3,
        "contents": contents,
        "stacks": chance.randint(0, 7),
        "revealed": chance.randint(0, 7),
        "claimed_at": at,
        "at": at,
        "settles_at": at,
        "undone_at": present if chance.random() < 0.2 else None,
    }
