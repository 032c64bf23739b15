"""What a policy says of review is read as it is written, and what it leaves out is as shipped."""

from __future__ import annotations

from tutela.model import ActionKind, Order
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.policy import Policy
from tutela.policy.reviewing.review import DECIDING, SHIPPED, Consequence

RULES = (
    "policy: example\nowner: safety\nrules:\n"
    "  - {name: one, when: event.drill, actions: [allow], reason: A drill.}\n"
)


def load(review: str) -> Policy:
    return Policy.load(RULES + review, "policy.yaml")


def test_a_policy_that_says_nothing_of_review_has_what_ships() -> None:
    assert load("").review is SHIPPED
    assert {outcome for outcome in ReviewOutcome if SHIPPED.follows(outcome).actions} == set(
        DECIDING
    )


def test_what_follows_is_read_as_written() -> None:
    review = load(
        "review:\n  confirmed:\n"
        "    actions: [quarantine, {suspend: {days: 30}}, {notify: {to: moderators}}]\n"
        "    notice: This was removed.\n"
    ).review
    assert review.follows(ReviewOutcome.CONFIRMED) == Consequence(
        actions=(ActionKind.QUARANTINE, ActionKind.SUSPEND, ActionKind.NOTIFY),
        orders=(
            Order(kind=ActionKind.SUSPEND, seconds=30 * 86_400),
            Order(kind=ActionKind.NOTIFY, to="moderators"),
        ),
        notice="This was removed.",
    )
    assert review.follows(ReviewOutcome.HARMLESS) == SHIPPED.follows(ReviewOutcome.HARMLESS)
    assert review.reasons == SHIPPED.reasons


def test_an_outcome_may_have_no_consequence() -> None:
    review = load("review:\n  harmless: {actions: []}\n").review
    assert review.follows(ReviewOutcome.HARMLESS) == Consequence()


def test_reasons_are_offered_for_the_outcomes_they_name() -> None:
    review = load(
        "review:\n  reasons:\n    - {name: spam, text: It is spam., notice: It is spam.,"
        " outcomes: [violation]}\n    - {name: other, text: Something else.}\n"
    ).review
    assert [one.name for one in review.offered(ReviewOutcome.VIOLATION)] == ["spam", "other"]
    assert [one.name for one in review.offered(ReviewOutcome.HARMLESS)] == ["other"]
    assert review.offered(ReviewOutcome.UNSURE) == ()
    spam = review.reason("spam")
    assert spam is not None
    assert spam.notice == "It is spam."
    assert review.reason("unknown") is None


def test_nothing_follows_from_who_cannot_tell() -> None:
    assert SHIPPED.follows(ReviewOutcome.UNSURE) == Consequence()


def test_what_is_said_of_review_makes_another_version() -> None:
    other = load("review:\n  harmless: {actions: []}\n")
    assert other.version != load("").version
