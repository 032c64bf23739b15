from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import select

from tutela.model import Actor, Content, Match, Severity, Signal
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.review.opening import content_marks, grade_of
from tutela.storage.review.score import score_of
from tutela.storage.review.tables import case_contents
from tutela.storage.tables import cases

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made


MATCH = Match(
    bank="hills",
    bank_id=1,
    entry_id=1,
    kind="pdq",
    distance=4,
    exact=False,
    list_version=1,
    trusted=True,
    scheme="s",
    category="A",
)


def match(**facts: Any) -> Match:  # noqa: ANN401 - members of any type
    return msgspec.structs.replace(MATCH, **facts)


def test_a_case_is_stored_with_what_it_is_queued_by(
    database: Database, make: Callable[..., Made]
) -> None:
    made = make("e1", matched=True)
    assert made.case is not None
    event = msgspec.structs.replace(
        made.event,
        language="fr",
        conversation="c-1",
        receivers=(Actor(id="a"), Actor(id="b")),
    )
    case = msgspec.structs.replace(made.case, imminent=True, second_look=True)
    with Journal(database) as journal:
        journal.record(event, made.outcome, case).result(30)
    with database.read() as connection:
        row = connection.execute(select(cases)).mappings().one()
        held = connection.execute(select(case_contents)).mappings().all()
    assert (row["actor"], row["conversation"], row["region"]) == ("actor 7", "c-1", "NL")
    assert (row["language"], row["reach"], row["readings_wanted"]) == ("fr", 3, 2)
    assert row["score"] == score_of(imminent=True, reach=3, severity=Severity.MEDIUM)
    assert (row["root"], row["gathered_at"], row["claim"]) == (None, None, None)
    assert [one["media_type"] for one in held] == ["application/zip", "image/png"]
    assert [one["pdq"] is None for one in held] == [True, False]
    assert [one["mark"] for one in held] == list(content_marks(event).values())


def test_contents_without_signals_are_like_nothing_else(make: Callable[..., Made]) -> None:
    bare = (Content(path=("a",)), Content(path=("b",)))
    one = msgspec.structs.replace(make("e1").event, contents=bare)
    other = msgspec.structs.replace(make("e2").event, contents=bare)
    marks = [*content_marks(one).values(), *content_marks(other).values()]
    assert len(set(marks)) == 4


def test_equal_contents_share_a_mark(make: Callable[..., Made]) -> None:
    same = (Content(signals=(Signal(kind="md5", value="0f" * 16),)),)
    one = msgspec.structs.replace(make("e1").event, contents=same)
    other = msgspec.structs.replace(make("e2").event, contents=same)
    assert content_marks(one) == content_marks(other)


@pytest.mark.parametrize(
    ("matches", "grade"),
    [
        ((), ""),
        ((match(),), "s:A"),
        ((match(), match(entry_id=2, bank="lakes")), "s:A"),
        ((match(), match(category="B")), ""),
        ((match(), match(scheme="t")), ""),
        ((match(), match(category="")), ""),
        ((match(category=""),), ""),
        ((match(trusted=False),), ""),
        ((match(), match(trusted=False, category="B")), "s:A"),
        ((match(path=("other",)),), ""),
    ],
)
def test_a_grade_is_what_all_trusted_lists_agree_on(matches: tuple[Match, ...], grade: str) -> None:
    assert grade_of(Content(), matches) == grade
