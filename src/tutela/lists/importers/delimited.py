"""Bank files as tables: CSV with a header, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from tutela.lists.importers.reading import EMPTY_FILE, Reading
from tutela.model import EntryFacts, NewEntry, Signal
from tutela.model.bank import DISTANCE

DELIMITERS = (",", ";", "\t")
REQUIRED = ("type", "value")
FACTS = EntryFacts.__struct_fields__
OWN = "distance"
"""The optional column of an entry's own distance; empty cells follow the bank."""
COLUMNS = (*REQUIRED, *FACTS, OWN)


def header_cells(line: str, delimiter: str) -> list[str]:
    """The cells of a header line, in lower case and without blanks around them."""
    try:
        return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def delimiter_of(line: str) -> str | None:
    """The delimiter with which a line names the required columns, or None: it is no header."""
    for delimiter in DELIMITERS:
        if set(REQUIRED) <= set(header_cells(line, delimiter)):
            return delimiter
    return None


def is_preamble(line: str) -> bool:
    """Whether a line before the header or the first signal says nothing: blank, or a comment."""
    return not line.strip() or line.lstrip().startswith("#")


def read_delimited(lines: Iterator[str], reading: Reading) -> Iterator[NewEntry]:
    """Yield the entries of a table; problems go to `reading`.

    Raises:
        ReadingStopped: the header does not name the required columns, or one of them twice.
    """
    table = _Table(lines, reading)
    try:
        yield from table
    finally:
        if table.unread:
            reading.left_out[f"column that is not known ({table.unread})"] += 1


class _Table:
    """Rows of one file, with the place of each column."""

    def __init__(self, lines: Iterator[str], reading: Reading) -> None:
        self._reading = reading
        self._line, header = self._header(lines)
        delimiter = delimiter_of(header)
        if delimiter is None:
            reading.problems.stop(self._line, "", "does not name the columns type and value")
        # Strict, so that a quote that is never closed is an error and not one huge cell.
        self._rows = csv.reader(lines, delimiter=delimiter, strict=True)
        self._before = self._line
        cells = header_cells(header, delimiter)
        self._width = len(cells)
        self._place = self._places(cells)
        self._facts = tuple((name, self._place[name]) for name in FACTS if name in self._place)
        self.unread = ", ".join(
            str(at + 1) for at, cell in enumerate(cells) if cell not in self._place
        )

    @staticmethod
    def _header(lines: Iterator[str]) -> tuple[int, str]:
        for number, line in enumerate(lines, 1):
            if not is_preamble(line):
                return number, line
        return 0, ""

    def _places(self, cells: list[str]) -> dict[str, int]:
        for name in COLUMNS:
            if cells.count(name) > 1:
                self._reading.problems.stop(self._line, name, "is named twice")
        return {name: cells.index(name) for name in COLUMNS if name in cells}

    def __iter__(self) -> Iterator[NewEntry]:
        while True:
            self._line = self._before + self._rows.line_num + 1
            try:
                row = next(self._rows)
            except StopIteration:
                return
            except csv.Error:
                self._reading.problems.add(
                    self._line, "", "the quotes are broken, or a cell is too long"
                )
                continue
            if row and (entry := self._entry(row)):
                yield entry

    def _entry(self, row: list[str]) -> NewEntry | None:
        if len(row) != self._width and not self._fit(row):
            return None
        signal = self._signal(row)
        facts = {name: row[at].strip() for name, at in self._facts}
        if not self._reading.is_plain("".join(row)):
            for name, text in facts.items():
                self._reading.fact(text, self._line, name)
        own = self._distance(row) if OWN in self._place else None
        if signal is None:
            return None
        if self._reading.is_empty_file(signal):
            self._reading.left_out[EMPTY_FILE] += 1
            return None
        return NewEntry(signals=(signal,), distance=own, **facts)

    def _distance(self, row: list[str]) -> int | None:
        text = row[self._place[OWN]].strip()
        if not text:
            return None
        if text.isascii() and text.isdigit() and int(text[:4]) <= DISTANCE:
            return int(text)
        self._reading.problems.add(self._line, OWN, f"is not a whole number from 0 to {DISTANCE}")
        return None

    def _fit(self, row: list[str]) -> bool:
        """Fill up a row that leaves its last cells out; a row that is too long is a problem."""
        if not any(cell.strip() for cell in row):
            return False
        if len(row) > self._width:
            self._reading.problems.add(
                self._line, "", f"has {len(row)} cells, the header has {self._width}"
            )
            return False
        row.extend("" for _ in range(self._width - len(row)))
        return True

    def _signal(self, row: list[str]) -> Signal | None:
        name, value = row[self._place["type"]], row[self._place["value"]].strip()
        kind = self._reading.kind(name)
        if kind is None:
            what = f"is not a signal kind; known are {self._reading.known_kinds()}"
            self._reading.problems.add(self._line, "type", what if name.strip() else "is empty")
            return None
        if not value:
            self._reading.problems.add(self._line, "value", "is empty")
            return None
        return self._reading.signal(kind, value, self._line, "value")
