from __future__ import annotations

from datetime import UTC, datetime

from tutela.model import ActionKind, Decision, Event, Gap, GapReason, Match, Reason
from tutela.response.cases import open_case

EVENT = Event(id="e1", digest="d", received_at=datetime(2026, 1, 1, tzinfo=UTC), drill=True)
REASONS = (
    Reason(rule="a", text="one", principles=(2, 1)),
    Reason(rule="b", text="two", principles=(1,)),
)


def decision(*actions: ActionKind) -> Decision:
    return Decision(policy_version="v", actions=actions, reasons=REASONS)


def match(entry: int, kind: str, distance: int) -> Match:
    return Match(
        bank="lake",
        bank_id=1,
        entry_id=entry,
        kind=kind,
        distance=distance,
        exact=kind != "pdq",
        list_version=1,
    )


def test_only_a_decision_that_asks_for_a_person_opens_a_case() -> None:
    assert open_case(EVENT, [], [], decision(ActionKind.BLOCK)) is None
    assert open_case(EVENT, [], [], decision(ActionKind.HOLD, ActionKind.OPEN_CASE)) is not None


def test_the_same_event_gives_the_same_case() -> None:
    asked = decision(ActionKind.OPEN_CASE)
    first = open_case(EVENT, [match(1, "md5", 0)], [], asked)
    second = open_case(EVENT, [], [Gap(reason=GapReason.FLAT)], asked)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert (first.drill, first.principles, first.opened_at) == (True, (1, 2), EVENT.received_at)


def test_a_case_says_in_one_line_what_was_found() -> None:
    asked = decision(ActionKind.OPEN_CASE)
    gaps = [Gap(reason=GapReason.FLAT), Gap(reason=GapReason.DAMAGED), Gap(reason=GapReason.FLAT)]
    summaries = [
        found.summary
        for matches in ([match(1, "pdq", 7)], [match(1, "md5", 0), match(2, "pdq", 3)], [])
        if (found := open_case(EVENT, matches, gaps, asked))
    ]
    assert summaries == [
        "Match in bank lake: pdq at distance 7",
        "Match in bank lake: exact (md5), and 1 more",
        "Not checked: damaged, flat",
    ]
