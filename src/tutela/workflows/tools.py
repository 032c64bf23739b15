"""What a re-scan works with, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Protocol

from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import TutelaError
from tutela.lists.matching import KnownFacts
from tutela.model import EventKind, PolicyReport, RescanTally, Ruling
from tutela.policy.current import InForce
from tutela.response.recording import Recording
from tutela.response.routing import Routes
from tutela.storage.past.growth import Growth
from tutela.storage.past.history import Histories
from tutela.storage.past.origins import Past
from tutela.storage.past.rescans import Rescans
from tutela.storage.past.signals import KeptSignals


class Whole(Protocol):
    """Every list in one matcher, sharing the index on disk with the server where there is one."""

    @property
    def matcher(self) -> Matcher:
        """What holds the lists, as of the last `refresh`."""

    def refresh(self) -> None:
        """Catch up with the lists; raises `Unavailable`."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The parts that all re-scans of a process share.

    Attributes:
        parked: gives the ids of the entries that are parked now.
        near: greatest distance of a match of a picture with little in it; None sets none.
        policy: gives what is in force now, which decides about findings.
        histories: looks up what an actor did before, where a rule asks for it.
        recording: stores findings, with what is kept of them as evidence.
        routes: gives where actions are sent now.
        law: gives what the law of a region says now of scanning a surface, for a kind of event.
        threads: threads that a search may use.
        whole: opens every list, for re-scans of very many entries; without it, each loads the
            entries that it compares from the database.
    """

    kinds: SignalKinds
    facts: KnownFacts
    growth: Growth
    rescans: Rescans
    past: Past
    kept: KeptSignals
    policy: Callable[[], InForce]
    histories: Histories
    recording: Recording
    parked: Callable[[], Container[int]] = field(default=frozenset)
    near: int | None = None
    routes: Callable[[], Routes] = Routes
    law: Callable[[str, str, EventKind], Ruling | None] = lambda _region, _surface, _kind: None
    threads: int = 1
    whole: Callable[[], Whole] | None = None


class Overtaken(TutelaError):
    """What the re-scan was about is gone, such as its bank."""

    code = "overtaken"


class Work(Protocol):
    """One re-scan at work, piece by piece.

    Attributes:
        cursor: number of the last event that was looked at.
        tally: what has been done so far.
        entries: entries that are compared.
    """

    cursor: int
    tally: RescanTally
    entries: int

    def finished(self) -> bool:
        """Whether everything has been looked at."""

    @property
    def report(self) -> PolicyReport | None:
        """What a policy re-scan found so far."""

    def close(self) -> None:
        """Let go of what it holds."""

    def step(self, size: int) -> None:
        """Look at a piece of about `size` signals or events; what it finds is stored after this.

        Raises:
            Overtaken: there is no sense in going on.
            Unavailable: the database or the journal is; the same piece can be done again.
        """
