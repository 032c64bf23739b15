"""The Hamming index: every known signal within a distance, and none missed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from tutela.detection.index.building.tables import make_tables
from tutela.detection.index.certificate import Substrings
from tutela.detection.index.kernels import probe, scan
from tutela.detection.index.layers import LayeredIndex
from tutela.detection.index.plan import Plan, make_plan
from tutela.detection.index.rows import SortedRows
from tutela.detection.index.shapes import (
    Arrays,
    Form,
    Found,
    Probing,
    Question,
    Rows,
    Tables,
)

RADIUS = 31
"""Greatest distance of a bank, and the one that tables are made for."""

MOST_RADIUS = 64
"""Greatest distance that may be asked for."""


class HammingIndex(LayeredIndex):
    """Signals of equal length, searched within any distance up to 64 bits; see `LayeredIndex`.

    Args:
        kind: signal kind, named in certificates and errors.
        bits: length of a signal, a multiple of 8.
    """

    def __init__(self, kind: str, bits: int = 256) -> None:
        super().__init__(kind, bits, self._make_part, parts=(ScanPart, TablePart))

    def _make_part(self, rows: SortedRows) -> ScanPart | TablePart:
        radius = min(RADIUS, self.bits // 8)
        plan = make_plan(len(rows.rows.codes), self.bits, radius, MOST_RADIUS)
        return TablePart(rows, plan, radius) if plan else ScanPart(rows, radius)


class ScanPart:
    """A part so small, or signals so short, that comparing all codes is quickest."""

    kernel: ClassVar[str] = "scan"
    layout: ClassVar[int] = 1
    parameters = ""
    substrings = Substrings()

    def __init__(self, rows: SortedRows, radius: int) -> None:
        self.sorted = rows
        self.radius = radius
        self.nbytes = rows.nbytes

    @classmethod
    def restored(cls, rows: SortedRows, arrays: Arrays, form: Form) -> Self:
        """The part that `arrays` and `form` were taken of."""
        del arrays
        return cls(rows, form["radius"])

    @property
    def arrays(self) -> Arrays:
        """None: the codes are all that is searched."""
        return {}

    @property
    def form(self) -> Form:
        """The radius."""
        return {"radius": self.radius}

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        """Compare all codes."""
        rows = rows or self.sorted.rows
        return scan(question, rows, len(rows.codes))


class TablePart:
    """A part that is searched by multi-index hashing; `plan.py` says why nothing is missed."""

    kernel: ClassVar[str] = "tables"
    layout: ClassVar[int] = 2

    def __init__(
        self, rows: SortedRows, plan: Plan, radius: int, tables: Tables | None = None
    ) -> None:
        self.sorted = rows
        self.plan = plan
        self.radius = radius
        self.tables = tables or make_tables(rows.rows.codes, plan)
        self._probing = [
            Probing(thresholds, room, plan.patience)
            for thresholds, room in zip(plan.thresholds, plan.rooms, strict=True)
        ]

    @classmethod
    def restored(cls, rows: SortedRows, arrays: Arrays, form: Form) -> Self:
        """The part that `arrays` and `form` were taken of."""
        plan = Plan(
            widths=tuple(form["widths"]),
            thresholds=np.array(form["thresholds"], np.int8),
            scans=tuple(form["scans"]),
            patience=form["patience"],
        )
        return cls(rows, plan, form["radius"], Tables(**arrays))

    @property
    def arrays(self) -> Arrays:
        """The tables by the names of their columns."""
        return self.tables._asdict()

    @property
    def form(self) -> Form:
        """The plan and the radius."""
        plan: dict[str, Any] = self.plan._asdict()
        return {**plan, "thresholds": self.plan.thresholds.tolist(), "radius": self.radius}

    @property
    def nbytes(self) -> int:
        """Memory that rows and tables take."""
        return self.sorted.nbytes + sum(column.nbytes for column in self.tables)

    @property
    def parameters(self) -> str:
        """Widths and thresholds of the substrings."""
        sub = self.substrings
        pairs = zip(sub.widths, sub.thresholds, strict=True)
        return " ".join(f"{width}/{threshold}" for width, threshold in pairs)

    @property
    def substrings(self) -> Substrings:
        """The substrings, with the thresholds of the greatest distance of a bank."""
        thresholds = tuple(int(t) for t in self._probing[self.radius].thresholds)
        return Substrings(firsts=self.plan.firsts, widths=self.plan.widths, thresholds=thresholds)

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        """Ask the tables, or compare all codes where that is quicker."""
        rows = rows or self.sorted.rows
        if self.plan.scans[question.radius]:
            return scan(question, rows, len(rows.codes))
        return probe(question, rows, self.tables, self._probing[question.radius])
