from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from tutela.model import (
    ActionKind,
    Decision,
    Event,
    EventKind,
    Gap,
    GapReason,
    Match,
    Reason,
    Severity,
)
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


def test_a_case_about_what_was_told_names_the_rules() -> None:
    asked = decision(ActionKind.SLOW, ActionKind.OPEN_CASE)
    quiet = Reason(rule="told-only", text="three", severity=Severity.LOW)
    alone = open_case(EVENT, [], [], replace(asked, reasons=(quiet,)))
    assert alone is not None
    assert alone.summary == "Upload, by rule: told-only"
    asked = replace(asked, reasons=(quiet, *asked.reasons))
    message = replace(EVENT, kind=EventKind.MESSAGE)
    nothing = [Gap(reason=GapReason.NO_CONTENT)]
    for event, gaps, summary in (
        (message, nothing, "Message, by rule: a, b"),
        (message, [Gap(reason=GapReason.NOT_PERMITTED)], "Message, by rule: a, b"),
        (EVENT, [], "Upload, by rule: a, b"),
        (message, [*nothing, Gap(reason=GapReason.DAMAGED)], "Not checked: damaged"),
    ):
        case = open_case(event, [], gaps, asked)
        assert case is not None
        assert case.summary == summary


def test_the_gravest_reason_makes_the_case() -> None:
    reasons = tuple(
        Reason(rule=severity, text="t", severity=severity)
        for severity in (Severity.MEDIUM, Severity.CRITICAL, Severity.LOW, Severity.HIGH)
    )
    asked = replace(decision(ActionKind.OPEN_CASE), reasons=reasons)
    for count, expected in ((1, Severity.MEDIUM), (2, Severity.CRITICAL), (4, Severity.CRITICAL)):
        case = open_case(EVENT, [], [], replace(asked, reasons=reasons[:count]))
        assert case is not None
        assert case.severity is expected


def test_a_second_person_looks_where_a_rule_asks_for_one() -> None:
    for actions, second in (
        ((ActionKind.OPEN_CASE,), False),
        ((ActionKind.OPEN_CASE, ActionKind.SECOND_LOOK), True),
    ):
        case = open_case(EVENT, [], [], decision(*actions))
        assert case is not None
        assert case.second_look is second
    alone = open_case(EVENT, [], [], decision(ActionKind.HOLD, ActionKind.SECOND_LOOK))
    assert alone is not None
    assert alone.second_look
