"""The exact index: every known signal that equals a given one."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from tutela.detection.index.certificate import Substrings
from tutela.detection.index.kernels import find
from tutela.detection.index.layers import LayeredIndex
from tutela.detection.index.rows import SortedRows
from tutela.detection.index.shapes import Arrays, Form, Found, Numbers, Question, Rows, Words


class ExactIndex(LayeredIndex):
    """Signals of equal length, searched by equality; see `LayeredIndex`.

    Args:
        kind: signal kind, named in certificates and errors.
        bits: length of a signal, a multiple of 8: 128 for MD5, 160 for SHA-1, 256 for SHA-256.
    """

    def __init__(self, kind: str, bits: int) -> None:
        super().__init__(kind, bits, SortedPart, parts=(SortedPart,))


class SortedPart:
    """Sorted codes, with a directory of about one slot per code by their leading bits."""

    kernel: ClassVar[str] = "directory"
    layout: ClassVar[int] = 1
    radius = 0
    substrings = Substrings()

    def __init__(self, rows: SortedRows, directory: Numbers | None = None) -> None:
        self.sorted = rows
        codes = rows.rows.codes
        leading = max(1, min(len(codes).bit_length(), 30))
        self._shift = 64 - leading
        self._directory = make_directory(codes, leading) if directory is None else directory

    @classmethod
    def restored(cls, rows: SortedRows, arrays: Arrays, form: Form) -> Self:
        """The part that `arrays` and `form` were taken of."""
        del form
        return cls(rows, arrays["directory"])

    @property
    def arrays(self) -> Arrays:
        """The directory."""
        return {"directory": self._directory}

    @property
    def form(self) -> Form:
        """Nothing: the number of codes says it all."""
        return {}

    @property
    def nbytes(self) -> int:
        """Memory that rows and directory take."""
        return self.sorted.nbytes + self._directory.nbytes

    @property
    def parameters(self) -> str:
        """Size of the directory."""
        return f"{len(self._directory) - 1} slots"

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        """Look up each query; the radius does not matter."""
        return find(question, rows or self.sorted.rows, self._directory, self._shift)


def make_directory(codes: Words, leading: int) -> Numbers:
    """Where the codes of each value of the `leading` bits begin, and the end."""
    slots = codes[:, 0] >> np.uint64(64 - leading)
    counts = np.bincount(slots.astype(np.int64), minlength=1 << leading)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
