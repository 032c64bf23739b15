from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tutela.evidence.custody.page import Pages, grouped, moment
from tutela.evidence.custody.wording import BOUNDS, KINDS, MOMENTS, STATES, STEPS, TOUCHES
from tutela.model.custody.evidence import EvidenceKind, ItemState, StepKind
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.terms import Bound, Moment

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making


def test_every_word_of_the_record_has_words_for_people() -> None:
    for words, kinds in (
        (KINDS, EvidenceKind),
        (STATES, ItemState),
        (STEPS, StepKind),
        (BOUNDS, Bound),
        (MOMENTS, Moment),
        (TOUCHES, AuditKind),
    ):
        assert set(words) == set(kinds)


def test_times_are_in_utc_and_exact() -> None:
    there = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 5, 3, 16, 5, 6, tzinfo=there)) == "2026-05-03 14:05:06 UTC"
    exact = datetime(2026, 5, 3, 14, 5, 6, 7, tzinfo=UTC)
    assert moment(exact) == "2026-05-03 14:05:06.000007 UTC"


def test_digests_are_grouped_to_be_compared() -> None:
    assert grouped("0123456789abcdef") == ("01234567 89abcdef",)
    assert grouped("a" * 40) == ("aaaaaaaa aaaaaaaa aaaaaaaa aaaaaaaa", "aaaaaaaa")
    assert grouped("") == ()


def test_touches_say_what_they_are_about(making: Making) -> None:
    page = Pages().of(making.record())
    assert [one.about for one in page.touches] == ["its event", "this item", "this item"]
    assert [one.index for one in page.touches] == ["1", "3", "5"]


def test_what_a_leaf_leaves_empty_is_said_so(making: Making) -> None:
    (touch, *_) = making.record().touches
    for empty in (None, ""):
        leaf = replace(touch.leaf, data={"pack": empty})
        record = replace(making.record(), touches=(replace(touch, leaf=leaf),))
        (shown,) = Pages().of(record).touches
        text = "".join(piece.text for line in shown.details.lines for piece in line)
        assert text == "pack: not set"
