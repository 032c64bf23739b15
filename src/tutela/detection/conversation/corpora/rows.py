"""Rows of a delimited table, with cells of any length.

The reader of the standard library bounds cells by a setting of the whole process, and one quote
that is never closed makes it swallow the rest of the file; here it costs its own line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tutela.detection.conversation.corpora.source import Line
from tutela.detection.conversation.corpora.tally import Damaged, Tally

LONGEST_ROW: Final = 1 << 23
"""Bytes that the lines of one row may have together."""

_QUOTE: Final = '"'


class Row(NamedTuple):
    """A row: the line on which it starts, from 1, and its cells."""

    line: int
    cells: tuple[str, ...]


def rows_of(
    lines: Iterable[Line], delimiter: str, tally: Tally, longest: int = LONGEST_ROW
) -> Iterator[Row]:
    """Yield the rows that are not blank; what cannot be one goes to `tally`."""
    reader = _Rows(iter(lines), delimiter, tally, longest)
    while (row := reader.next()) is not None:
        if any(row.cells):
            yield row


class _Cells:
    """The cells of one row, whose lines come one after the other; each is looked at once."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._cells: list[str] = []
        self._open: list[str] | None = None
        self.size = 0

    def feed(self, line: str) -> tuple[str, ...] | None:
        """All cells, or None while a quoted cell is open at the end of the line.

        Raises:
            Damaged: something follows a closing quote.
        """
        self.size += len(line) + 1
        at = 0
        while at <= len(line):
            if self._open is None and not line.startswith(_QUOTE, at):
                at = self._plain(line, at)
            elif (at := self._quoted(line, at)) < 0:
                return None
            at += 1
        return tuple(self._cells)

    def _plain(self, line: str, at: int) -> int:
        end = line.find(self._delimiter, at)
        end = len(line) if end < 0 else end
        self._cells.append(line[at:end])
        return end

    def _quoted(self, line: str, at: int) -> int:
        """Where a quoted cell ends; -1 where it goes on in the next line."""
        if self._open is None:
            self._open = []
            at += 1
        while (end := line.find(_QUOTE, at)) >= 0 and line.startswith(_QUOTE, end + 1):
            self._open.append(line[at : end + 1])
            at = end + 2
        if end < 0:
            self._open.append(line[at:] + "\n")
            return -1
        self._cells.append("".join([*self._open, line[at:end]]))
        self._open = None
        if not line.startswith(self._delimiter, end + 1) and end + 1 < len(line):
            raise Damaged("the quotes of a cell are broken")
        return end + 1


class _Rows:
    """Puts lines together until no quoted cell is open."""

    def __init__(self, lines: Iterator[Line], delimiter: str, tally: Tally, longest: int) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._tally = tally
        self._longest = longest
        self._waiting: deque[Line] = deque()

    def next(self) -> Row | None:
        """The next row; None at the end."""
        while (first := self._line()) is not None:
            try:
                return self._row(first)
            except Damaged as damage:
                self._tally.skip(first.number, str(damage))
        return None

    def _line(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _row(self, first: Line) -> Row:
        taken: list[Line] = []
        row = _Cells(self._delimiter)
        line = first
        while (cells := row.feed(self._text(line))) is None:
            following = self._line() if row.size <= self._longest else None
            if following is None or following.content is None:
                # The quote was never closed: its line is damaged, what follows is read on its own.
                given = taken if following is None else [*taken, following]
                self._waiting.extendleft(reversed(given))
                raise Damaged("a quote is never closed")
            line = following
            taken.append(line)
        return Row(first.number, cells)

    def _text(self, line: Line) -> str:
        if line.content is None:
            raise Damaged("the row is too long")
        try:
            return line.content.decode()
        except UnicodeDecodeError:
            self._tally.mend("text that is not UTF-8")
            return line.content.decode("utf-8", "replace")
