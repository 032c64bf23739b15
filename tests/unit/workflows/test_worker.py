from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tutela.errors import Unavailable
from tutela.model import RescanState, Signal
from tutela.storage.past import scope
from tutela.storage.past.origins import Lists, Past
from tutela.storage.past.rescans import NewRescan
from tutela.storage.past.scope import Scope, ScopeCodes
from tutela.workflows import lease
from tutela.workflows import worker as module

if TYPE_CHECKING:
    from tests.unit.workflows.conftest import World

Make = Callable[..., Signal]


@contextmanager
def running(world: World, **options: object) -> Iterator[None]:
    worker = world.worker(**options)  # type: ignore[arg-type]
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        world.stop.set()
        thread.join(30)
        assert not thread.is_alive()


def eventually(condition: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)


def test_growth_is_compared_without_being_asked_for(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    with running(world):
        world.list("known", signal("lake"))
        eventually(world.rescans.list)
        eventually(lambda: world.rescans.list()[0].tally.findings == 1)
    assert world.found(world.rescans.list()[0]).keys() == {"lake"}


def test_growth_is_left_alone_where_that_is_set(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    number = world.rescans.ask(NewRescan(bank="known"), "a test").id
    with running(world, automatic=False):
        eventually(lambda: world.rescans.get(number).state is RescanState.DONE)
    assert len(world.rescans.list()) == 1


def test_signals_are_deleted_when_their_time_is_over(world: World, signal: Make) -> None:
    old = datetime.now(UTC) - timedelta(days=91)
    world.upload("old", signal("lake"), received_at=old)
    world.upload("new", signal("lake"))
    with running(world):
        eventually(lambda: world.kept.oldest() != old)
    assert world.events.get("old").event.contents[0].signals == ()
    assert world.events.get("new").event.contents[0].signals


def test_no_signals_stay_where_none_are_to_be_kept(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    with running(world, days=0):
        eventually(lambda: world.kept.oldest() is None)


def test_a_database_that_is_down_is_waited_for(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away twice: before a re-scan is taken, and in its middle."""
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    number = world.rescans.ask(NewRescan(bank="known"), "a test").id
    claim, window = type(world.rescans).claim, type(world.kept).window
    failures = {"claim": 1, "window": 1}

    def failing(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            if failures[name]:
                failures[name] -= 1
                raise Unavailable("the database cannot be used now")
            return real(*args)

        return call

    monkeypatch.setattr(type(world.rescans), "claim", failing("claim", claim))
    monkeypatch.setattr(type(world.kept), "window", failing("window", window))
    with running(world, automatic=False):
        eventually(lambda: world.rescans.get(number).state is RescanState.DONE)
    assert failures == {"claim": 0, "window": 0}
    assert world.rescans.get(number).tally.findings == 1


def test_what_fails_says_so_and_others_go_on(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    bad = world.rescans.ask(NewRescan(policy="rules: 7", policy_version="bad-1"), "a test").id
    good = world.rescans.ask(NewRescan(bank="known"), "a test").id
    with running(world, automatic=False):
        eventually(lambda: world.rescans.get(good).state is RescanState.DONE)
    assert world.rescans.get(bad).state is RescanState.FAILED
    assert '"event": "a re-scan failed"' in world.log.getvalue()


def test_a_pause_is_heeded_within_a_piece(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_SECONDS", 0.0)
    monkeypatch.setattr(module, "FIRST_PIECE", 1)
    monkeypatch.setattr(module, "LEAST", 1)
    monkeypatch.setattr(module, "MOST", 1)
    for number in range(60):
        world.upload(f"event-{number}", signal("lake"))
    world.list("known", signal("hill"))
    number = world.rescans.ask(NewRescan(bank="known"), "a test").id
    with running(world, automatic=False):
        eventually(lambda: world.rescans.get(number).tally.events > 2)
        paused = world.rescans.pause(number)
        time.sleep(0.1)
        assert world.rescans.get(number).tally == paused.tally
        world.rescans.resume(number)
        eventually(lambda: world.rescans.get(number).state is RescanState.DONE)
    assert world.rescans.get(number).tally.events == 60


def test_a_stop_is_heeded_while_the_entries_are_loaded(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "IDS_AT_A_TIME", 1)
    world.upload("lake", signal("lake"))
    world.list("known", *map(signal, "abcd"))
    parts: list[ScopeCodes] = []

    class Stopping(Past):
        def read(self, scope: Scope, take: Callable[[ScopeCodes], object]) -> Lists:
            def stopping(codes: ScopeCodes) -> None:
                parts.append(codes)
                world.stop.set()
                take(codes)

            return super().read(scope, stopping)

    world.tools = dataclasses.replace(world.tools, past=Stopping(world.database))
    number = world.growth.look()
    assert number is not None
    world.worker().run_one(number)
    assert len(parts) == 1, "no more was read"
    assert world.rescans.get(number).state is RescanState.WAITING
    world.stop.clear()
    world.tools = dataclasses.replace(world.tools, past=Past(world.database))
    assert world.run(number).entries == 4


def test_a_pause_is_heeded_while_the_entries_are_loaded(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "IDS_AT_A_TIME", 1)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    world.upload("lake", signal("lake"))
    world.list("known", *map(signal, "abcd"))
    number = world.growth.look() or 0
    parts: list[ScopeCodes] = []

    class Slow(Past):
        def read(self, scope: Scope, take: Callable[[ScopeCodes], object]) -> Lists:
            def slow(codes: ScopeCodes) -> None:
                parts.append(codes)
                if len(parts) == 1:
                    world.rescans.pause(number)
                    time.sleep(0.5)  # many beats
                take(codes)

            return super().read(scope, slow)

    world.tools = dataclasses.replace(world.tools, past=Slow(world.database))
    world.worker().run_one(number)
    assert len(parts) == 1
    assert world.rescans.get(number).state is RescanState.PAUSED


def test_by_hand_nothing_else_is_worked_on(world: World, signal: Make) -> None:
    world.upload("lake", signal("lake"))
    world.list("known", signal("lake"))
    number = world.rescans.ask(NewRescan(bank="known"), "a test").id
    assert world.worker().run_one(number)
    assert not world.worker().run_one(number), "it has ended"
    assert [one.state for one in world.rescans.list()] == [RescanState.DONE]


def test_growth_goes_before_what_a_person_asked_for(
    world: World, signal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PIECE", 1)
    monkeypatch.setattr(module, "LEAST", 1)
    monkeypatch.setattr(module, "MOST", 1)
    for number in range(100):
        world.upload(f"event-{number}", signal("lake" if number < 5 else "hill"))
    world.list("known", signal("sky"))
    world.growth.look()
    world.rescans.cancel(1)
    asked = world.rescans.ask(NewRescan(bank="known"), "a test").id
    with running(world):
        eventually(lambda: world.rescans.get(asked).state is RescanState.RUNNING)
        world.list("known", signal("lake"))
        eventually(lambda: world.rescans.get(asked).state is RescanState.DONE)
    grown = world.rescans.list()[0]
    assert grown.id != asked
    assert grown.state is RescanState.SETTLING
    began, ended = grown.started_at, world.rescans.get(asked).ended_at
    assert began is not None
    assert ended is not None
    assert began < ended
