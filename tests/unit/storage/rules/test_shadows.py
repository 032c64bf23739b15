"""What a policy in shadow decided otherwise is counted exactly, and sampled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tutela.model import ActionKind, Decision, Event, Outcome, Reason, Verdict
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.rules.shadowed import Shadowed, ShadowEnd
from tutela.storage.rules.shadows import SAMPLES, Shadows
from tutela.storage.rules.switches import Switches, Version

LIVE, OTHER, SHADOW = "live-1", "live-2", "shadow-1"


def decision(version: str, action: ActionKind, *rules: str) -> Decision:
    reasons = tuple(Reason(rule=rule, text="Why.") for rule in rules or ("all",))
    return Decision(policy_version=version, actions=(action,), reasons=reasons)


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    with Journal(database) as found:
        yield found


def store(journal: Journal, name: str, live: Decision, shadow: Shadowed | None) -> None:
    event = Event(id=name, digest="-", received_at=datetime.now(UTC))
    outcome = Outcome(
        event_id=name,
        verdict=Verdict.CLEAR,
        received_at=event.received_at,
        drill=False,
        list_version=1,
        matches=(),
        gaps=(),
        decision=live,
    )
    journal.record(event, outcome, shadow=shadow).result(30)


def agreed(end: ShadowEnd = ShadowEnd.DECIDED) -> Shadowed:
    return Shadowed(version=SHADOW, end=end)


def differed(action: ActionKind, *rules: str) -> Shadowed:
    return Shadowed(version=SHADOW, otherwise=decision(SHADOW, action, *rules))


def test_every_end_is_counted_beside_each_policy_in_force(
    database: Database, journal: Journal
) -> None:
    allow, hold = ActionKind.ALLOW, ActionKind.HOLD
    plain = decision(LIVE, allow)
    for number in range(7):
        store(journal, f"held-{number}", plain, differed(hold, "new"))
    for number in range(2):
        store(journal, f"cased-{number}", plain, differed(ActionKind.OPEN_CASE, "all", "new"))
    store(journal, "other", decision(OTHER, allow, "old"), differed(hold))
    for number in range(5):
        store(journal, f"agreed-{number}", plain, agreed())
    store(journal, "failed", plain, agreed(ShadowEnd.FAILED))
    for number in range(3):
        store(journal, f"skipped-{number}", plain, agreed(ShadowEnd.SKIPPED))
    store(journal, "without", plain, None)
    store(journal, "held-0", plain, differed(hold, "new"))  # asked again: counted once

    shadows = Shadows(database)
    found = shadows.compared(SHADOW)
    assert (found.decided, found.agreed, found.differed) == (15, 5, 10)
    assert (found.failed, found.skipped) == (1, 3)
    assert found.live_versions == (LIVE, OTHER)
    counted = {(one.then, one.now): one.events for one in found.report.actions}
    assert counted == {(("allow",), ("hold",)): 8, (("allow",), ("open_case",)): 2}
    rules = {one.rule: (one.gained, one.lost) for one in found.report.rules}
    assert rules == {"all": (1, 7), "new": (9, 0), "old": (0, 1)}
    named = [one.event_id for one in found.report.samples]
    assert named[:SAMPLES] == [f"held-{number}" for number in (6, 5, 4, 3, 2)], "the latest"
    assert set(named[SAMPLES:]) == {"cased-0", "cased-1", "other"}

    alone = shadows.compared(SHADOW, LIVE)
    assert (alone.decided, alone.differed, alone.live_versions) == (14, 9, (LIVE,))
    assert shadows.counts(SHADOW) == {"decided": 15, "differed": 10, "failed": 1, "skipped": 3}


def test_a_version_whose_name_begins_alike_is_another(database: Database, journal: Journal) -> None:
    store(journal, "one", decision(LIVE, ActionKind.ALLOW), agreed())
    longer = Shadowed(version=f"{SHADOW}0", otherwise=decision("x", ActionKind.HOLD))
    store(journal, "two", decision(LIVE, ActionKind.ALLOW), longer)
    found = Shadows(database).compared(SHADOW)
    assert (found.decided, found.differed) == (1, 0)


def test_what_never_was_in_shadow_has_no_counts(database: Database) -> None:
    found = Shadows(database).compared(SHADOW)
    assert (found.decided, found.agreed, found.differed) == (0, 0, 0)
    assert (found.since, found.in_shadow) == (None, False)


def test_since_when_it_is_in_shadow(database: Database) -> None:
    switches = Switches(database)
    switches.activate(Version(version=LIVE, text="l"), by="a")
    put = switches.cast(Version(version=SHADOW, text="s"), by="a")
    found = Shadows(database).compared(SHADOW)
    assert (found.since, found.in_shadow) == (put.at, True)
    switches.cast(None, by="a")
    found = Shadows(database).compared(SHADOW)
    assert (found.since, found.in_shadow) == (put.at, False)
