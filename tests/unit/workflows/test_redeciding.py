from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import func, select, update

from tutela.model import (
    ActionChange,
    Gap,
    GapReason,
    Match,
    PolicyReport,
    Reason,
    RescanState,
    RuleChange,
    Signal,
    Silenced,
    Silencing,
)
from tutela.policy.policy import Policy
from tutela.storage.past.rescans import NewRescan
from tutela.storage.tables import decisions, events
from tutela.workflows.redeciding import Redecision

if TYPE_CHECKING:
    from tests.unit.workflows.conftest import World

Make = Callable[..., Signal]
STRICT = """
policy: strict
owner: safety
rules:
  - name: nothing-unseen
    when: verdict == Verdict.not_checked
    actions: [block, open_case]
    reason: What was not seen does not pass.
    notice: It waits.
  - name: forum
    when: event.surface == "forum"
    actions: [hold]
    reason: The forum waits.
    notice: It waits.
  - name: clear
    when: verdict == Verdict.clear
    actions: [allow]
    reason: Nothing matched.
"""
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
GAP = Gap(reason=GapReason.FLAT)


def wanted(text: str = STRICT, **more: object) -> dict[str, object]:
    policy = Policy.load(text, "strict.yaml")
    return {"policy": policy.text, "policy_version": policy.version, **more}


@pytest.fixture
def stored(world: World, signal: Make) -> World:
    """Two clear uploads, one of them in the forum, and one that was too flat."""
    world.upload("clear", signal("lake"))
    world.upload("forum", signal("hill"), surface="forum")
    world.upload("flat", signal("sky"), gaps=(GAP,))
    return world


def count(world: World) -> int:
    with world.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(events)) or 0


def test_the_policy_of_then_decides_as_then(stored: World) -> None:
    policy = stored.policy
    rescan = stored.ask(policy=policy.text, policy_version=policy.version)
    assert (rescan.state, rescan.tally.events) == (RescanState.DONE, 3)
    assert (rescan.tally.same, rescan.tally.changed, rescan.tally.undecided) == (3, 0, 0)
    assert rescan.report is not None
    assert rescan.report.actions == ()


def test_another_policy_is_told_in_counts_and_samples(stored: World) -> None:
    rescan = stored.ask(**wanted())
    assert (rescan.tally.same, rescan.tally.changed) == (1, 2)
    assert rescan.report is not None
    assert set(rescan.report.actions) == {
        ActionChange(then=("allow",), now=("hold",), events=1),
        # Whatever the rule says, only a match may block.
        ActionChange(then=("allow",), now=("hold", "open_case"), events=1),
    }
    assert rescan.report.rules == (
        RuleChange(rule="forum", gained=1),
        RuleChange(rule="guard", gained=1),
        RuleChange(rule="nothing-to-see", lost=1),
        RuleChange(rule="nothing-unseen", gained=1),
    )
    assert [sample.event_id for sample in rescan.report.samples] == ["forum", "flat"]
    assert count(stored) == 3, "nothing was created"


def test_rules_see_what_was_silenced_then(stored: World, signal: Make) -> None:
    match = Match(
        bank="b", bank_id=1, entry_id=1, kind="pdq", distance=9, exact=False, list_version=1
    )
    silenced = Silenced(match=match, reason=Silencing.ALLOWED, detail="known to be harmless")
    stored.upload("logo", signal("logo"), silenced=(silenced,))
    rescan = stored.ask(**wanted(STRICT.replace('event.surface == "forum"', "silenced_count > 0")))
    assert rescan.report is not None
    assert [sample.event_id for sample in rescan.report.samples] == ["flat", "logo"]


def test_what_is_decided_otherwise_is_recorded_where_that_is_asked_for(stored: World) -> None:
    rescan = stored.ask(**wanted(record=True))
    assert rescan.tally.findings == 2
    found = stored.found(rescan)
    assert found.keys() == {"forum", "flat"}
    assert found["flat"].outcome.gaps == (GAP,)
    assert found["flat"].outcome.case_id is not None
    assert found["forum"].outcome.decision.policy_version == rescan.policy_version
    assert count(stored) == 5


def test_a_fact_that_was_not_stored_is_never_guessed(stored: World) -> None:
    with stored.database.write() as connection:
        old = connection.scalar(select(decisions.c.outcome).where(decisions.c.event_seq == 1))
        record = msgspec.json.decode(old or "")
        del record["silenced"]
        text = msgspec.json.encode(record).decode()
        connection.execute(update(decisions).where(decisions.c.event_seq == 1).values(outcome=text))
    unconcerned = stored.ask(**wanted())
    assert unconcerned.tally.undecided == 0
    assert unconcerned.report is not None
    assert unconcerned.report.missing == {"Outcome.silenced": 1}
    named = STRICT.replace('event.surface == "forum"', 'event.surface == "silenced"')
    assert stored.ask(**wanted(named)).tally.undecided == 0  # a word, and no fact
    read = STRICT.replace('event.surface == "forum"', "silenced_count > 0")
    concerned = stored.ask(**wanted(read))
    assert (concerned.tally.undecided, concerned.tally.events) == (1, 3)
    assert concerned.report is not None
    assert concerned.report.undecided == {"silenced_count": 1}


@pytest.mark.parametrize(
    ("condition", "undecided"),
    [
        ("history.events_30d > 5", 2),
        ("actor.minor", 1),
        ("contact.adult_to_minor", 1),
        ("contact.receivers > 0", 1),
        ("event.conversation", 1),
        ("account.told", 1),
        ("ratings.exists(r, r.value > 8.0)", 1),
        ("event.kind == EventKind.contact", 0),
        ("event.has_actor", 0),
    ],
)
def test_what_older_events_do_not_tell_of_people_is_never_guessed(
    stored: World, condition: str, undecided: int
) -> None:
    """The first event was stored by an older version; of the second no rule asked the history."""
    with stored.database.write() as connection:
        named = events.update().where(events.c.seq <= 2)
        connection.execute(named.values(actor="a"))
        connection.execute(update(events).where(events.c.seq == 1).values(about=None))
    read = STRICT.replace('event.surface == "forum"', condition)
    read = read.replace("actions: [hold]", "actions: [hold, open_case]")
    asked = stored.ask(**wanted(read))
    assert (asked.tally.undecided, asked.tally.events) == (undecided, 3)
    assert asked.report is not None
    assert asked.report.missing == {
        "Event.account": 1,
        "Event.actor": 1,
        "Event.conversation": 1,
        "Event.history": 2,
        "Event.ratings": 1,
        "Event.receivers": 1,
    }


def test_it_goes_on_where_it_stood(stored: World) -> None:
    whole = stored.ask(**wanted())
    stored.rescans.ask(NewRescan(**wanted()), "a test")  # type: ignore[arg-type]
    task = stored.rescans.claim("a process")
    assert task is not None
    half = Redecision(task, stored.tools)
    half.step(2)
    stored.rescans.advance(task.id, "a process", half.cursor, half.tally, half.report)
    stored.rescans.release(task.id, "a process")
    again = stored.run(task.id)
    assert (again.tally, again.report) == (whole.tally, whole.report)


def test_a_policy_that_can_no_longer_be_loaded_fails_and_says_so(stored: World) -> None:
    rescan = stored.ask(policy="rules: 7", policy_version="broken-1")
    assert rescan.state is RescanState.FAILED
    assert rescan.problem


@pytest.mark.parametrize("policy", [Policy.load(CURIOUS, "curious"), Policy.default()])
def test_every_decision_is_given_again(world: World, policy: Policy) -> None:
    population = world.populate(policy, seed=7)
    rescan = world.ask(policy=policy.text, policy_version=policy.version)
    tally = rescan.tally
    assert (rescan.state, tally.events) == (RescanState.DONE, population)
    assert (tally.same, tally.changed, tally.undecided) == (population, 0, 0)
    # Not only the same is done: it is for the same reasons.
    assert rescan.report == PolicyReport()
    fired = {reason.rule for reason in _reasons(world)}
    assert len(fired) >= len(policy.rules) / 2, "the population is a mixed one"


def test_another_version_gives_another_past_and_the_same_again(world: World) -> None:
    world.populate(Policy.load(CURIOUS, "curious"), seed=8)
    other = Policy.load(CURIOUS.replace("> 4.9", "> 2.5"), "other")
    first, again = (world.ask(policy=other.text, policy_version=other.version) for _ in range(2))
    assert first.report == again.report
    assert first.tally.changed > 0
    assert first.report is not None
    assert {one.rule for one in first.report.rules} == {"rated"}


def _reasons(world: World) -> list[Reason]:
    files = world.events.list(limit=500)
    return [reason for file in files for reason in file.outcome.decision.reasons]
