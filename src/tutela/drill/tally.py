"""The count of a drill: what was sent, what came back, and what was missed."""

from __future__ import annotations

from collections import Counter

from tutela.drill.plan import UploadKind
from tutela.model.record import Record
from tutela.model.verdict import Verdict


class Row(Record, frozen=True, kw_only=True):
    """The uploads of one kind.

    Attributes:
        sent: uploads that were answered.
        matched, clear, not_checked: verdicts.
        missed: should have matched, and did not.
        wrong: any other verdict than the one that is right.
    """

    kind: UploadKind
    sent: int
    matched: int
    clear: int
    not_checked: int
    missed: int
    wrong: int


class Tally:
    """Counts answers by kind and verdict. Not thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[UploadKind, Verdict]] = Counter()

    def add(self, kind: UploadKind, verdict: Verdict) -> None:
        """Count one answer."""
        self._counts[kind, verdict] += 1

    def rows(self) -> tuple[Row, ...]:
        """Return one row per kind, in their fixed order."""
        return tuple(self._row(kind) for kind in UploadKind)

    def sum(self, column: str) -> int:
        """Add up one column of all rows."""
        return sum(getattr(row, column) for row in self.rows())

    @property
    def sound(self) -> bool:
        """Whether every answer was the right one."""
        return self.sum("missed") == self.sum("wrong") == 0

    def line(self) -> str:
        """Return the last line of a drill."""
        return (
            f"drill: {self.sum('sent')} events, {self.sum('matched')} matched, "
            f"{self.sum('missed')} missed, {self.sum('not_checked')} not checked"
        )

    def _row(self, kind: UploadKind) -> Row:
        of = {verdict: self._counts[kind, verdict] for verdict in Verdict}
        sent = sum(of.values())
        failed = sent - of[kind.expected]
        missed = failed if kind.expected is Verdict.MATCH else 0
        return Row(
            kind=kind,
            sent=sent,
            matched=of[Verdict.MATCH],
            clear=of[Verdict.CLEAR],
            not_checked=of[Verdict.NOT_CHECKED],
            missed=missed,
            wrong=failed - missed,
        )
