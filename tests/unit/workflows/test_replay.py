"""The version that decided gives every decision again, from what is stored alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest

from tutela.model import (
    AccountSignals,
    Actor,
    AgeBand,
    AgeSource,
    Content,
    Event,
    EventKind,
    Gap,
    GapReason,
    LowInformation,
    Match,
    PolicyReport,
    Rating,
    Reason,
    RescanState,
    Ruling,
    Silenced,
    Silencing,
    SurfaceClass,
)
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.storage.past.history import Histories

if TYPE_CHECKING:
    from tests.unit.workflows.conftest import World

POPULATION = 160
TOGETHER = 8
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
# Every group of facts, and numbers that lie close to what events have.
CURIOUS = """
policy: curious
owner: the safety team
rules:
  - name: people
    when: actor.minor || contact.adult_to_minor || receivers.exists(r, r.age == AgeBand.unknown)
    actions: [hold]
    reason: About people.
    notice: Somebody looks at it.
  - name: rated
    when: ratings.exists(r, r.value > 4.9 && r.probability < 0.5)
    actions: [allow, slow: {seconds: 30}]
    reason: About ratings.
    notice: Somebody looks at it.
  - name: account
    when: account.unanswered_share > 0.3 || account.age_days < 7
    actions: [allow, warn_sender]
    reason: About the account.
    notice: Somebody looks at it.
  - name: again
    when: history.events_30d > 3 && history.matches_30d > 1
    actions: [hold, open_case]
    reason: About the past of an account.
    notice: Somebody looks at it.
  - name: matched
    when: matches.exists(m, m.trusted && m.distance < 12 && !m.low_information)
    actions: [block, open_case]
    reason: About a match.
    notice: Somebody looks at it.
  - name: silenced
    when: silenced.exists(s, s.by == "harmless") || silenced_count > 1
    actions: [allow, preserve]
    reason: About what does not count.
    notice: Somebody looks at it.
  - name: law
    when: '!law.may_scan || law.surface_class == "private_messages"'
    actions: [allow, second_look]
    reason: About the law.
    notice: Somebody looks at it.
  - name: place
    when: event.region == "DE" || event.surface.startsWith("chat") || event.drill
    actions: [allow]
    reason: About the place.
    notice: Somebody looks at it.
  - name: files
    when: contents.exists(c, c.size > 500 && c.depth == 1) || gaps.exists(g, g.media_type == "")
    actions: [hold]
    reason: About files.
    notice: Somebody looks at it.
  - name: conversation
    when: event.kind == EventKind.message && event.conversation
    actions: [allow]
    reason: About a conversation.
    notice: Somebody looks at it.
"""
T = TypeVar("T")


class Chance:
    """Events of every sort, the same in every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a mixed past, no secret

    def of(self, choices: list[T]) -> T:
        return self._random.choice(choices)

    def some(self, most: int) -> range:
        return range(self._random.randint(0, most))

    def actor(self) -> Actor:
        name = f"actor {self._random.randint(1, 6)}"
        return Actor(id=name, age=self.of(list(AgeBand)), age_source=self.of(list(AgeSource)))

    def rating(self) -> Rating:
        share = self._random.random()
        return Rating(
            name="risk", value=round(share * 10, 1), probability=self.of([None, share]), model="m-1"
        )

    def account(self) -> AccountSignals:
        return AccountSignals(
            age_days=self.of([None, 0, 6, 7, 8]),
            unanswered_share=self.of([None, self._random.random()]),
            reports_30d=self.of([None, 3]),
        )

    def match(self) -> Match:
        return Match(
            bank=self.of(["one", "two"]),
            bank_id=1,
            entry_id=self._random.randint(1, 9),
            kind=self.of(["md5", "pdq"]),
            distance=self._random.randint(0, 31),
            exact=self.of([True, False]),
            list_version=1,
            trusted=self.of([True, False]),
            drill=self.of([True, False]),
            label=self.of(["", "a hill"]),
            path=self.of([(), ("album.zip",)]),
            low_information=self.of([None, *LowInformation]),
        )

    def silenced(self) -> Silenced:
        by = msgspec.structs.replace(self.match(), bank="harmless")
        return Silenced(
            match=self.match(),
            reason=self.of(list(Silencing)),
            detail="it is harmless",
            by=self.of([None, by]),
        )

    def ruling(self) -> Ruling:
        return Ruling(
            pack="eu",
            version="eu-1",
            surface_class=self.of(list(SurfaceClass)),
            may_scan=self.of([True, False]),
            reason="A test says so.",
            source="none",
            overridden=self.of([True, False]),
        )

    def content(self) -> Content:
        return Content(
            path=self.of([(), ("album.zip", "photo.jpg")]),
            media_type=self.of(["image/jpeg", "application/zip"]),
            size=self._random.randint(1, 1000),
        )

    def event(self, number: int) -> Event:
        return Event(
            id=f"event-{number}",
            digest="-",
            received_at=NOON + timedelta(minutes=number),
            kind=self.of(list(EventKind)),
            surface=self.of(["", "forum", "chat 1"]),
            region=self.of(["", "DE", "US-CA"]),
            actor=self.of([None, self.actor(), self.actor()]),
            drill=self.of([False, False, True]),
            contents=tuple(self.content() for _ in self.some(3)),
            receivers=tuple(self.actor() for _ in self.some(3)),
            conversation=self.of(["", "talk 7"]),
            ratings=tuple(self.rating() for _ in self.some(2)),
            account=self.of([None, self.account()]),
        )

    def gaps(self) -> tuple[Gap, ...]:
        return tuple(Gap(reason=self.of(list(GapReason)), detail="why") for _ in self.some(2))


def populate(world: World, seed: int) -> None:
    """A mixed past, decided as live events are: each with the history of its actor."""
    chance, histories = Chance(seed), Histories(world.database)
    for number in range(POPULATION):
        conclusion = conclude(
            histories.complete(chance.event(number)),
            tuple(chance.match() for _ in chance.some(2)),
            chance.gaps(),
            policy=InForce(world.policy),
            list_version=1,
            silenced=tuple(chance.silenced() for _ in chance.some(2)),
            law=chance.of([None, chance.ruling()]),
        )
        stored = world.journal.record(*conclusion)
        if number % TOGETHER == 0:  # what is stored by then is the history of those to come
            stored.result(30)
    stored.result(30)


@pytest.mark.parametrize("policy", [Policy.load(CURIOUS, "curious"), Policy.default()])
def test_every_decision_is_given_again(world: World, policy: Policy) -> None:
    world.policy = policy
    populate(world, seed=7)
    rescan = world.ask(policy=policy.text, policy_version=policy.version)
    tally = rescan.tally
    assert (rescan.state, tally.events) == (RescanState.DONE, POPULATION)
    assert (tally.same, tally.changed, tally.undecided) == (POPULATION, 0, 0)
    # Not only the same is done: it is for the same reasons.
    assert rescan.report == PolicyReport()
    fired = {reason.rule for reason in _reasons(world)}
    assert len(fired) >= len(policy.rules) / 2, "the population is a mixed one"


def test_another_version_gives_another_past_and_the_same_again(world: World) -> None:
    world.policy = Policy.load(CURIOUS, "curious")
    populate(world, seed=8)
    other = Policy.load(CURIOUS.replace("> 4.9", "> 2.5"), "other")
    first, again = (world.ask(policy=other.text, policy_version=other.version) for _ in range(2))
    assert first.report == again.report
    assert first.tally.changed > 0
    assert first.report is not None
    assert {one.rule for one in first.report.rules} == {"rated"}


def _reasons(world: World) -> list[Reason]:
    files = world.events.list(limit=POPULATION)
    return [reason for file in files for reason in file.outcome.decision.reasons]
