"""Stored events decided anew: what would the rules of another policy have decided?"""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from tutela.model import PolicyReport, Sample
from tutela.policy.current import InForce, facts_needed
from tutela.policy.facts import Facts
from tutela.policy.policy import Policy
from tutela.response.conclusion import Conclusion, conclude
from tutela.storage.past.origins import Decided
from tutela.storage.past.rescans import Task
from tutela.storage.rules.differences import Difference, Differences, same
from tutela.workflows.comparing import finding_of
from tutela.workflows.tools import Tools

SAMPLES = 100
"""Events that are named in the report."""


class Redecision:
    """One re-scan that decides anew; see `Work`.

    It changes nothing and creates no event, unless it is to record what is decided otherwise.

    Raises:
        BadConfiguration: the policy's text can no longer be loaded.
    """

    def __init__(self, task: Task, tools: Tools) -> None:
        self.cursor = task.span.after
        self.tally = task.tally
        self.entries = 0
        self._task = task
        self._tools = tools
        self._policy = Policy.load(task.scope.policy, "policy", tested=False)
        self._reads = facts_needed(self._policy)
        self._in_force = InForce(self._policy)
        report = task.report or PolicyReport()
        self._differences = Differences(report)
        self._missing, self._wanted = Counter(report.missing), Counter(report.undecided)
        self._samples = list(report.samples)

    def finished(self) -> bool:
        """Whether everything has been looked at."""
        return self.cursor >= self._task.span.up_to

    @property
    def report(self) -> PolicyReport:
        """What was found so far."""
        return self._differences.report(self._samples, self._missing, self._wanted)

    def close(self) -> None:
        """Nothing is held."""

    def step(self, size: int) -> None:
        """Decide about the next events; see `Work.step`."""
        span = replace(self._task.span, after=self.cursor)
        rows = self._tools.past.decided(span, size)
        found = [conclusion for row in rows if (conclusion := self._decide(row)) is not None]
        self._tools.recording.record_past(found)
        self.cursor = rows[-1].seq if len(rows) == size else span.up_to

    def _decide(self, row: Decided) -> Conclusion | None:
        """Decide about one event; what came of it where that is to be recorded."""
        self._missing.update(row.missing)
        if unknown := row.unknown(self._reads):
            self._wanted.update(unknown)
            self._count("undecided")
            return None
        event, then = row.file.event, row.file.outcome
        facts = Facts.of(event, then.verdict, then.matches, then.gaps, then.silenced, then.law)
        now = self._policy.decide(facts)
        difference = Difference.of(then.decision, now)
        self._differences.add(difference)
        if same(then.decision, now):
            self._count("same")
            return None
        self._count("changed")
        if len(self._samples) < SAMPLES:
            sample = Sample(event_id=event.id, then=difference.then, now=difference.now)
            self._samples.append(sample)
        if not self._task.record:
            return None
        return conclude(
            finding_of(event, self._task.id),
            then.matches,
            then.gaps,
            policy=self._in_force,
            list_version=then.list_version,
            silenced=then.silenced,
            law=then.law,
            routes=self._tools.routes(),
        )

    def _count(self, name: str) -> None:
        tally = {name: getattr(self.tally, name) + 1, "events": self.tally.events + 1}
        self.tally = replace(self.tally, **tally)
