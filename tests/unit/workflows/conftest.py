"""A small world: banks, events and re-scans on a real database, and a worker for them."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.lists.matching import KnownFacts
from tutela.lists.sync import IndexSync
from tutela.model import Content, Event, Gap, Match, NewEntry, Rescan, Signal, Silenced
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.events import EventFile, Events
from tutela.storage.journal import Journal
from tutela.storage.past.growth import Growth
from tutela.storage.past.history import Histories
from tutela.storage.past.origins import Past
from tutela.storage.past.rescans import NewRescan, Rescans
from tutela.storage.past.signals import KeptSignals
from tutela.telemetry import make_logger
from tutela.workflows.pace import Pace
from tutela.workflows.tools import Tools
from tutela.workflows.worker import Worker


def pdq(seed: str, flipped: int = 0) -> Signal:
    """A PDQ signal of its own, so many bits away from that of the same seed."""
    value = int(hashlib.sha256(seed.encode()).hexdigest(), 16) ^ ((1 << flipped) - 1)
    return Signal(kind="pdq", value=f"{value:064x}", quality=90)


class Whole:
    """Every list in a matcher of its own, without files."""

    def __init__(self, database: Database, kinds: SignalKinds) -> None:
        self.matcher = Matcher(kinds)
        self._sync = IndexSync(database, self.matcher)
        self.refresh, self.close = self._sync.refresh, self._sync.stop


class World:
    """Everything that a re-scan needs, on one database."""

    def __init__(self, database: Database, journal: Journal, kinds: SignalKinds) -> None:
        self.database = database
        self.banks = Banks(database)
        self.entries = Entries(database)
        self.events = Events(database)
        self.growth = Growth(database)
        self.rescans = Rescans(database)
        self.kept = KeptSignals(database)
        self.policy = Policy.default()
        self.journal = journal
        self.stop = threading.Event()
        self.log = io.StringIO()
        self.tools = Tools(
            kinds=kinds,
            facts=KnownFacts(self.entries.facts),
            growth=self.growth,
            rescans=self.rescans,
            past=Past(database),
            kept=self.kept,
            policy=lambda: InForce(self.policy),
            histories=Histories(database),
            journal=journal,
        )

    def open_whole(self) -> Whole:
        return Whole(self.database, self.tools.kinds)

    def worker(self, *, automatic: bool = True, days: int = 90) -> Worker:
        return Worker(
            self.tools,
            Pace(1.0),
            make_logger("info", as_json=True, stream=self.log),
            automatic=automatic,
            keep=timedelta(days=days),
            stop=self.stop,
        )

    def upload(self, event_id: str, *signals: Signal, **facts: Any) -> None:  # noqa: ANN401
        """Store an event as a live check would have: clear, or with the matches given."""
        matches: tuple[Match, ...] = facts.pop("matches", ())
        gaps: tuple[Gap, ...] = facts.pop("gaps", ())
        silenced: tuple[Silenced, ...] = facts.pop("silenced", ())
        facts.setdefault("received_at", datetime.now(UTC))
        event = Event(
            id=event_id,
            digest=event_id,
            contents=(Content(media_type="image/jpeg", size=9, signals=signals),),
            **facts,
        )
        conclusion = conclude(
            event, matches, gaps, policy=InForce(self.policy), list_version=1, silenced=silenced
        )
        self.journal.record(*conclusion).result(10)

    def list(self, bank: str, *signals: Signal, **facts: Any) -> int:  # noqa: ANN401
        """Add an entry for each signal to a bank, made if need be; id of the first."""
        if bank not in {one.name for one in self.banks.list()}:
            self.banks.create(bank, trusted=True)
        new = [NewEntry(signals=(signal,), **facts) for signal in signals]
        return self.entries.add(bank, new).first_id

    def grow(self) -> Rescan:
        """Compare what grew with the past."""
        number = self.growth.look()
        assert number is not None
        return self.run(number)

    def ask(self, **wanted: Any) -> Rescan:  # noqa: ANN401
        """Do a re-scan that a person asks for."""
        return self.run(self.rescans.ask(NewRescan(**wanted), "a test").id)

    def run(self, number: int) -> Rescan:
        assert self.worker().run_one(number)
        return self.rescans.get(number)

    def found(self, rescan: Rescan) -> dict[str, EventFile]:
        """The findings of a re-scan, by the id of the event that they were found in."""
        files = self.rescans.findings(rescan.id, limit=1000)
        found = {file.event.origin.event_id: file for file in files if file.event.origin}
        assert len(found) == len(files)
        return found


@pytest.fixture(scope="session")
def kinds() -> SignalKinds:
    return builtin_kinds()


@pytest.fixture
def world(database: Database, kinds: SignalKinds) -> Iterator[World]:
    with Journal(database) as journal:
        yield World(database, journal, kinds)


@pytest.fixture
def signal() -> Any:  # noqa: ANN401 - the function above, for tests that cannot import it
    return pdq
