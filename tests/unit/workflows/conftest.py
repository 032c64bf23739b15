"""A small world: banks, events and re-scans on a real database, and a worker for them."""

from __future__ import annotations

import hashlib
import io
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.lists.matching import KnownFacts
from tutela.lists.sync import IndexSync
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
    NewEntry,
    Rating,
    Rescan,
    Ruling,
    Signal,
    Silenced,
    Silencing,
    SurfaceClass,
)
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.response.recording import Recording
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

POPULATION = 160
TOGETHER = 8
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
T = TypeVar("T")


def pdq(seed: str, flipped: int = 0) -> Signal:
    """A PDQ signal of its own, so many bits away from that of the same seed."""
    value = int(hashlib.sha256(seed.encode()).hexdigest(), 16) ^ ((1 << flipped) - 1)
    return Signal(kind="pdq", value=f"{value:064x}", quality=90)


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
            kind=self.of([kind for kind in EventKind if kind is not EventKind.APPEAL]),
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
        self.shadow: Policy | None = None
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
            policy=lambda: InForce(self.policy, self.shadow),
            histories=Histories(database),
            recording=Recording(journal),
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

    def populate(self, policy: Policy, seed: int) -> int:
        """A mixed past, decided as live events are; how many events."""
        self.policy = policy
        chance, histories = Chance(seed), Histories(self.database)
        for number in range(POPULATION):
            conclusion = conclude(
                histories.complete(chance.event(number)),
                tuple(chance.match() for _ in chance.some(2)),
                chance.gaps(),
                policy=InForce(self.policy),
                list_version=1,
                silenced=tuple(chance.silenced() for _ in chance.some(2)),
                law=chance.of([None, chance.ruling()]),
            )
            stored = self.journal.record(*conclusion)
            if number % TOGETHER == 0:  # what is stored by then is the history of those to come
                stored.result(30)
        stored.result(30)
        return POPULATION

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
