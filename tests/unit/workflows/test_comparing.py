from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select, update

from tutela.model import (
    ActionKind,
    Actor,
    EventKind,
    History,
    Match,
    NewEntry,
    Outcome,
    RescanState,
    Ruling,
    Signal,
    Verdict,
)
from tutela.policy.law.law import Law
from tutela.policy.policy import Policy
from tutela.storage.counts import Counts, reconcile
from tutela.storage.law import LawProof
from tutela.storage.past.rescans import NewRescan
from tutela.storage.rules.shadows import Shadows
from tutela.storage.tables import events, findings, kept_signals, rescans
from tutela.workflows import comparing
from tutela.workflows.comparing import Comparison
from tutela.workflows.tools import Overtaken

if TYPE_CHECKING:
    from tests.unit.workflows.conftest import World

Make = Callable[..., Signal]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def match_in(world: World, bank: str) -> Match:
    found = next(one for one in world.banks.list() if one.name == bank)
    return Match(
        bank=bank,
        bank_id=found.id,
        entry_id=1,
        kind="pdq",
        distance=0,
        exact=False,
        list_version=1,
        trusted=found.trusted,
        drill=found.drill,
    )


def test_what_was_clear_is_found_once_it_is_listed(world: World, signal: Make) -> None:
    actor = Actor(id="actor 7")
    world.upload("lake", signal("lake"), received_at=NOON, surface="forum", actor=actor)
    world.upload("hill", signal("hill"))
    world.list("known", signal("lake", 9), label="a lake")
    rescan = world.grow()
    found = world.found(rescan)
    assert found.keys() == {"lake"}
    event, outcome = found["lake"].event, found["lake"].outcome
    assert event.origin is not None
    assert (event.origin.received_at, event.origin.rescan) == (NOON, rescan.id)
    assert (event.surface, event.actor, event.received_at > NOON) == ("forum", actor, True)
    assert [(m.label, m.distance) for m in outcome.matches] == [("a lake", 9)]
    assert outcome.verdict is Verdict.MATCH
    assert outcome.case_id is not None
    assert (rescan.tally.events, rescan.tally.signals, rescan.tally.findings) == (2, 2, 1)
    assert Counts(world.database).counts()["findings"] == 1
    assert reconcile(world.database).sound
    assert world.events.get("lake").outcome.verdict is Verdict.CLEAR


def test_the_findings_are_those_of_brute_force(world: World, signal: Make) -> None:
    """Random pasts, banks with their own distances and states, entries with theirs."""
    rng = random.Random(4)  # noqa: S311
    seeds = [f"thing {number}" for number in range(6)]
    past = {
        f"event-{number}": [
            signal(rng.choice(seeds), rng.randrange(40)) for _ in range(rng.randrange(1, 4))
        ]
        for number in range(60)
    }
    for event_id, own in past.items():
        world.upload(event_id, *own)
    listed: list[tuple[Signal, int]] = []
    for number in range(8):
        name, distance, enabled = f"bank-{number}", rng.randrange(32), rng.random() < 0.8
        world.banks.create(name, distance=distance, enabled=enabled)
        for _ in range(3):
            entry = signal(rng.choice(seeds), rng.randrange(40))
            own_distance = rng.randrange(32) if rng.random() < 0.4 else None
            new = NewEntry(signals=(entry,), distance=own_distance)
            added = world.entries.add(name, [new]).first_id
            if rng.random() < 0.2:
                world.entries.disable(added)
            elif enabled:
                listed.append((entry, distance if own_distance is None else own_distance))
    expected = {
        event_id
        for event_id, own in past.items()
        if any(apart(one, entry) <= reach for one in own for entry, reach in listed)
    }
    assert 0 < len(expected) < len(past)
    assert world.found(world.grow()).keys() == expected
    assert world.found(world.ask(until=datetime.now(UTC) + timedelta(days=1))) == {}


def apart(one: Signal, other: Signal) -> int:
    return (int(one.value, 16) ^ int(other.value, 16)).bit_count()


def test_doing_it_again_finds_nothing_twice(world: World, signal: Make) -> None:
    for number in range(40):
        world.upload(f"event-{number}", signal("lake", number % 20))
    world.list("known", signal("lake"))
    grown = world.growth.look()
    assert grown is not None
    task = world.rescans.claim("a process", grown)
    assert task is not None
    # A process does everything, and dies before it stores how far it came; twice.
    for _ in range(2):
        work = Comparison(task, world.tools)
        while not work.finished():
            work.step(7)
        assert (work.tally.events, work.tally.known) == (40, 0)
    rescan = world.rescans.get(grown)
    assert len(world.found(rescan)) == 40
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 80
    # And another re-scan knows what the first one found.
    world.rescans.release(grown, "a process")
    again = world.ask(bank="known")
    assert (again.tally.known, again.tally.findings) == (40, 0)


def test_exact_kinds_are_compared_too(world: World) -> None:
    md5 = Signal(kind="md5", value="1f" * 16)
    world.upload("file", md5)
    world.upload("empty", Signal(kind="md5", value="d41d8cd98f00b204e9800998ecf8427e"))
    world.list("known", md5, Signal(kind="md5", value="d41d8cd98f00b204e9800998ecf8427e"))
    found = world.found(world.grow())
    assert found.keys() == {"file"}, "the hash of nothing is in every list and means nothing"
    assert found["file"].outcome.matches[0].exact


def test_a_match_that_was_as_strong_is_no_news_but_a_stronger_one_is(
    world: World, signal: Make
) -> None:
    world.banks.create("doubtful")
    world.banks.create("sure", trusted=True)
    world.upload("in doubt", signal("lake"), matches=(match_in(world, "doubtful"),))
    world.upload("for sure", signal("lake"), matches=(match_in(world, "sure"),))
    world.growth.look()
    world.list("doubtful", signal("lake"))
    first = world.grow()
    assert (first.tally.known, first.tally.findings) == (2, 0)
    world.list("sure", signal("lake"))
    assert world.found(world.grow()).keys() == {"in doubt"}


def test_an_allow_bank_silences_findings_and_they_are_counted(world: World, signal: Make) -> None:
    world.banks.create("harmless", allow=True)
    world.entries.add("harmless", [NewEntry(signals=(signal("lake"),))])
    world.upload("lake", signal("lake"))
    world.upload("hill", signal("hill"))
    world.list("known", signal("lake", 3), signal("hill", 3))
    rescan = world.grow()
    assert world.found(rescan).keys() == {"hill"}
    assert rescan.tally.silenced == 1


def test_a_parked_entry_finds_nothing(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    entry = world.list("known", signal("lake", 3))
    world.tools = dataclasses.replace(world.tools, parked=lambda: {entry})
    rescan = world.grow()
    assert (rescan.tally.silenced, rescan.tally.findings) == (1, 0)


def test_events_without_signals_are_said_to_be(world: World, signal: Make) -> None:
    world.upload("kept", signal("lake"))
    world.upload("gone", signal("lake"))
    with world.database.write() as connection:
        connection.execute(delete(kept_signals).where(kept_signals.c.event_seq == 2))
    world.list("known", signal("lake"))
    rescan = world.grow()
    assert world.found(rescan).keys() == {"kept"}
    assert (rescan.tally.events, rescan.tally.without_signals) == (2, 1)


def test_a_bank_that_is_deleted_ends_its_re_scan(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    task = world.rescans.claim("a process", _asked(world, "known"))
    assert task is not None
    work = Comparison(task, world.tools)
    world.banks.delete("known")
    with pytest.raises(Overtaken, match="deleted"):
        work.step(100)
    world.rescans.release(task.id, "a process")
    ended = world.run(task.id)
    assert (ended.state, ended.problem) == (RescanState.CANCELLED, "the bank was deleted")
    assert ended.bank is None


def _asked(world: World, bank: str) -> int:
    return world.rescans.ask(NewRescan(bank=bank), "a test").id


def test_what_changes_under_way_is_heeded(world: World, signal: Make) -> None:
    for name in ("lake", "hill", "wood"):
        world.upload(name, signal(name))
    entries = {name: world.list(name, signal(name, 5)) for name in ("lake", "hill", "wood")}
    number = world.growth.look()
    task = world.rescans.claim("a process", number)
    assert task is not None
    work = Comparison(task, world.tools)
    world.entries.disable(entries["lake"])
    world.banks.change("hill", distance=4)
    while not work.finished():
        work.step(100)
    assert world.found(world.rescans.get(task.id)).keys() == {"wood"}


def test_what_no_longer_silences_is_heeded_too(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.banks.create("harmless", allow=True)
    allowed = world.entries.add("harmless", [NewEntry(signals=(signal("lake"),))]).first_id
    world.list("known", signal("lake"))
    task = world.rescans.claim("a process", world.growth.look())
    assert task is not None
    work = Comparison(task, world.tools)
    world.entries.delete(allowed)
    work.step(100)
    assert world.found(world.rescans.get(task.id)).keys() == {"lake"}


def test_very_many_entries_are_searched_where_the_server_has_them(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "LARGE", 2)
    world.tools = dataclasses.replace(world.tools, whole=world.open_whole)
    world.banks.create("harmless", allow=True)
    for name in ("lake", "hill", "wood", "sky", "field"):
        world.upload(name, signal(name))
    world.list("many", signal("lake", 3), signal("hill", 3), signal("sky", 3), signal("field", 3))
    world.list("few", signal("wood", 3))
    world.entries.add("harmless", [NewEntry(signals=(signal("hill"),))])
    task = world.rescans.claim("a process", _asked(world, "many"))
    assert task is not None
    work = Comparison(task, world.tools)
    assert work.entries == 4
    world.entries.disable(3)
    world.banks.change("few", distance=30)
    while not work.finished():
        work.step(2)
    work.close()
    assert world.found(world.rescans.get(task.id)).keys() == {"lake", "field"}
    assert work.tally.silenced == 1
    everything = world.ask(since=NOON - timedelta(days=9999))
    assert world.found(everything).keys() == {"wood"}
    assert (everything.entries, everything.tally.known) == (5, 2)


def test_uploads_under_way_while_lists_grew_are_found_at_the_second_look(
    world: World, signal: Make
) -> None:
    world.upload("before", signal("hill"))
    world.list("known", signal("lake"))
    rescan = world.grow()
    assert (rescan.state, rescan.tally.findings) == (RescanState.SETTLING, 0)
    world.upload("under way", signal("lake"))  # compared with the lists of before
    with world.database.write() as connection:
        connection.execute(update(rescans).values(again_at=NOON - timedelta(days=999)))
    done = world.run(rescan.id)
    assert done.state is RescanState.DONE
    assert world.found(done).keys() == {"under way"}
    assert done.tally.events == 1, "events are not counted twice"


def test_a_range_looks_at_its_events_only(world: World, signal: Make) -> None:
    for hour in range(4):
        world.upload(f"{hour}", signal("lake"), received_at=NOON + timedelta(hours=hour))
    world.list("known", signal("lake"))
    world.growth.look()
    rescan = world.ask(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3))
    assert world.found(rescan).keys() == {"1", "2"}
    assert rescan.tally.events == 2


def test_many_events_in_one_window_are_all_found(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "TOGETHER", 16)
    for number in range(50):
        world.upload(f"event-{number}", signal("lake"))
    world.list("known", signal("lake"))
    rescan = world.grow()
    assert rescan.tally.findings == len(world.found(rescan)) == 50
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(findings)) == 50


def test_a_finding_is_decided_by_the_same_policy(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    outcome: Outcome = world.found(world.grow())["lake"].outcome
    rules = [reason.rule for reason in outcome.decision.reasons]
    assert rules == [
        "trusted-perceptual-match",
        "found-later",
        "found-later-in-a-trusted-bank",
    ]
    assert outcome.decision.policy_version == world.policy.version


def test_a_finding_is_decided_with_the_history_of_its_actor(world: World, signal: Make) -> None:
    """As it is when it is found, not as it was when the content came in."""
    for event_id in ("lake", "hill"):
        world.upload(event_id, signal(event_id), actor=Actor(id="a"))
    world.list("known", signal("lake"))
    found = world.found(world.grow())["lake"]
    assert found.event.history == History(events_1d=2, events_30d=2)
    world.list("more", signal("hill"))
    found = world.found(world.grow())["hill"]
    assert found.event.history == History(
        events_1d=3, events_30d=3, matches_30d=1, blocks_30d=1, cases_30d=1
    )


def test_a_policy_in_shadow_decides_about_findings_without_effect(
    world: World, signal: Make
) -> None:
    text = world.policy.text.replace("policy: default", "policy: milder")
    text = text.replace("actions: [block, ", "actions: [hold, ")
    world.shadow = Policy.load(text, "milder", tested=False)
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    outcome = world.found(world.grow())["lake"].outcome
    assert ActionKind.BLOCK in outcome.decision.actions
    found = Shadows(world.database).compared(world.shadow.version)
    assert (found.decided, found.differed) == (1, 1)
    assert [sample.event_id for sample in found.report.samples] == [outcome.event_id]


def test_what_the_law_does_not_allow_is_left_out_and_counted(world: World, signal: Make) -> None:
    law = Law.load("")
    asked: list[tuple[str, str]] = []

    def ruling(region: str, surface: str, kind: EventKind) -> Ruling | None:
        asked.append((region, surface))
        return law.ruling(region, surface, kind)

    world.tools = dataclasses.replace(world.tools, law=ruling)
    for number, (region, surface) in enumerate(
        [("FR", "private_messages"), ("FR", "public"), ("FR", "private_messages"), ("", "")]
    ):
        world.upload(f"e{number}", signal("lake"), region=region, surface=surface)
    world.list("known", signal("lake"))
    rescan = world.grow()
    found = world.found(rescan)
    assert found.keys() == {"e1", "e3"}
    tally = rescan.tally
    assert (tally.events, tally.signals, tally.not_permitted) == (4, 2, 2)
    assert found["e1"].outcome.law == law.ruling("FR", "public")
    assert found["e3"].outcome.law is None
    # Once for each kind of place, and once for each finding.
    assert len(asked) == 5
    row = next(one for one in LawProof(world.database).counts() if one.surface_class == "public")
    assert (row.pack, row.scanned, row.refused) == ("eu", 1, 0)
