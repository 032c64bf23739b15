"""A re-scan: kept signals of the past compared with a grown list, or decided about anew."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tutela.model.record import Record


class RescanKind(StrEnum):
    """What a re-scan looks at the past with."""

    GROWTH = "growth"
    """Entries that are new, count again or reach further: queued whenever a list grows."""
    BANK = "bank"
    """Every entry of one bank; asked for by a person."""
    RANGE = "range"
    """Every entry of every bank, for events of a time range; asked for by a person."""
    POLICY = "policy"
    """The rules of a policy version instead of those of then; asked for by a person."""


class RescanState(StrEnum):
    """Where a re-scan stands."""

    WAITING = "waiting"
    """It has not begun, or goes on when a process is free."""
    RUNNING = "running"
    """A process works on it."""
    SETTLING = "settling"
    """It has passed everything; the end is looked at once more, for uploads that were under way
    while the lists grew."""
    PAUSED = "paused"
    """A person stopped it for now; it goes on where it stood."""
    DONE = "done"
    """It has looked at everything."""
    CANCELLED = "cancelled"
    """A person ended it, or its bank was deleted. What it found stays."""
    FAILED = "failed"
    """It could not go on; `problem` says why. It can be resumed."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in {RescanState.DONE, RescanState.CANCELLED, RescanState.FAILED}


class RescanTally(Record, frozen=True, kw_only=True):
    """What a re-scan has done so far.

    Attributes:
        events: events that it has passed.
        signals: kept signals that were compared; 0 for a policy.
        findings: events of their own that it stored.
        known: events whose content had matched as strong an entry before: no finding.
        silenced: events whose new matches are all silenced (an allow bank, little information).
        without_signals: events of which no signals are kept any more, or never were.
        not_permitted: events that were left out, because the law of their place does not allow
            their content to be scanned.
        same: events that the policy decides as they were decided. For a policy only, as below.
        changed: events that the policy decides otherwise.
        undecided: events that lack a fact that the policy's rules name: nothing was guessed.
    """

    events: int = 0
    signals: int = 0
    findings: int = 0
    known: int = 0
    silenced: int = 0
    without_signals: int = 0
    not_permitted: int = 0
    same: int = 0
    changed: int = 0
    undecided: int = 0


class Sample(Record, frozen=True, kw_only=True):
    """An event that a policy decides otherwise than it was decided."""

    event_id: str
    then: tuple[str, ...]
    now: tuple[str, ...]


class RuleChange(Record, frozen=True, kw_only=True):
    """How often a rule fires now and did not then, and the other way round."""

    rule: str
    gained: int = 0
    lost: int = 0


class ActionChange(Record, frozen=True, kw_only=True):
    """How many events would get other actions."""

    then: tuple[str, ...]
    now: tuple[str, ...]
    events: int


class PolicyReport(Record, frozen=True, kw_only=True):
    """What another policy would have decided.

    Attributes:
        actions: by actions then and now, most frequent first; only where they differ.
        rules: by rule, in alphabetical order; only those that fire more or less often.
        missing: facts that old events were stored without, and for how many events.
        undecided: facts as rules read them, that so many events were not decided for want of.
        samples: some of the events that are decided otherwise, oldest first.
    """

    actions: tuple[ActionChange, ...] = ()
    rules: tuple[RuleChange, ...] = ()
    missing: dict[str, int] = msgspec.field(default_factory=dict)
    undecided: dict[str, int] = msgspec.field(default_factory=dict)
    samples: tuple[Sample, ...] = ()


class Rescan(Record, frozen=True, kw_only=True):
    """One re-scan.

    Attributes:
        by: who asked for it; empty where the program did by itself.
        bank: name of the bank, for a re-scan of one bank.
        since, until: events received in this range; None for no bound.
        policy_version: the policy that decides anew.
        record: whether a policy re-scan stores events for what is decided otherwise.
        entries: entries that it compares with; None before it has begun.
        progress: 0 to 1, the share of the past that it has passed.
        problem: why it failed or was cancelled.
        report: what a policy re-scan found.
    """

    id: int
    kind: RescanKind
    state: RescanState
    by: str = ""
    bank: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    policy_version: str = ""
    record: bool = False
    entries: int | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: float = 0.0
    problem: str = ""
    tally: RescanTally = RescanTally()
    report: PolicyReport | None = None

    @property
    def subject(self) -> str:
        """What it compares the past with, in a few words."""
        match self.kind:
            case RescanKind.GROWTH:
                return "what the lists gained"
            case RescanKind.BANK:
                return f"bank {self.bank or '(deleted)'}"
            case RescanKind.RANGE:
                return "all banks"
            case RescanKind.POLICY:
                return f"policy {self.policy_version}"
