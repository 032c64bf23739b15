"""Ratings of a file as they are listed: one row for each conversation, and the highest of them."""

from __future__ import annotations

from collections import Counter
from heapq import heappush, heappushpop

from tutela.model.conversation.rating import (
    AgeGap,
    Band,
    Ground,
    Lane,
    NotEnoughEvidence,
    StageMark,
)
from tutela.model.record import Record

_EMERGENCY = 100
"""Added to the rating where rows are put in order: emergencies come first."""


class Row(Record, frozen=True, kw_only=True):
    """One conversation as `--json` prints it.

    Attributes:
        rating: the highest value that it had after any message.
        probability, band: at that value.
        at_end: the value after all messages: what is left of it.
        fan_out: people whom `author` reached with like evidence in this file, up to here.
        synthetic: made by our generator: no figure from it is a figure of accuracy.
    """

    conversation_id: str
    rating: float
    probability: float | None
    band: Band
    stages: tuple[StageMark, ...]
    reasons: tuple[Ground, ...]
    not_enough_evidence: NotEnoughEvidence | None
    at_end: float
    author: str
    lanes: tuple[Lane, ...]
    first_alert: int | None
    age_gap: AgeGap
    fan_out: int
    messages: int
    language: str
    model: str
    calibration: str
    synthetic: bool = False


class Highest:
    """The conversations that are rated highest, and counts of all. Bounded.

    Args:
        most: so many are kept.
    """

    def __init__(self, most: int) -> None:
        self.bands: Counter[Band] = Counter()
        self.missing: Counter[str] = Counter()
        self.lanes: Counter[Lane] = Counter()
        self.synthetic = 0
        self.count = 0
        self._most = most
        self._heap: list[tuple[float, int, Row]] = []

    def add(self, row: Row) -> None:
        """Count one, and keep it if it is among the highest."""
        self.count += 1
        self.synthetic += row.synthetic
        if row.not_enough_evidence is not None:
            self.missing[row.not_enough_evidence.reason.value] += 1
            return
        self.bands[row.band] += 1
        self.lanes.update(row.lanes)
        held = (row.rating + _EMERGENCY * bool(row.lanes), -self.count, row)
        if len(self._heap) < self._most:
            heappush(self._heap, held)
        else:
            heappushpop(self._heap, held)

    def rows(self) -> list[Row]:
        """Those that are kept: emergencies first, then the highest, then as the file has them."""
        return [row for _, _, row in sorted(self._heap, key=lambda one: one[:2], reverse=True)]
