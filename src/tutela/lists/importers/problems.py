"""What is wrong with a bank file: every bad row, by its place, never by its value."""

from __future__ import annotations

from typing import ClassVar, Literal, NoReturn

from tutela.errors import InvalidInput
from tutela.model.record import Record

LISTED = 100
"""Problems that are kept in full; further ones are only counted."""


class Problem(Record, frozen=True, kw_only=True):
    """One thing that is wrong in a bank file.

    Attributes:
        line: line number, or number of the record where `unit` is `record`; from 1; 0 for the
            file as a whole.
        column: name of the column or member, or empty for the whole row.
        what: what is wrong, without the value.
        unit: what `line` counts. Lines mean nothing in a VICS file, so its records are counted.
    """

    line: int
    column: str = ""
    what: str
    unit: Literal["line", "record"] = "line"

    def __str__(self) -> str:
        """`line 4, column value: what`."""
        places = [f"{self.unit} {self.line}"] if self.line else []
        if self.column:
            places.append(f"{'column' if self.unit == 'line' else 'member'} {self.column}")
        return f"{', '.join(places)}: {self.what}" if places else self.what


class BankFileError(InvalidInput):
    """A bank file cannot be used. Nothing of it may be kept.

    Args:
        name: the file, as its user knows it.
        problems: the first `LISTED` problems, in file order.
        total: how many problems there are.
    """

    code: ClassVar[str] = "bad-bank-file"

    def __init__(self, name: str, problems: tuple[Problem, ...], total: int) -> None:
        self.problems = problems
        self.total = total
        count = "one problem" if total == 1 else f"{total} problems"
        super().__init__(
            f"the bank file has {count}, so nothing of it was used",
            where=name,
            remedy="mend the file and try again",
        )

    def __str__(self) -> str:
        """The sentence, then one indented line for each problem that is listed."""
        lines = [super().__str__(), *(f"  {problem}" for problem in self.problems)]
        if self.total > len(self.problems):
            lines.append(f"  and {self.total - len(self.problems)} more")
        return "\n".join(lines)


class ReadingStopped(Exception):
    """The rest of a bank file cannot be read; the last problem of the log says why."""


class ProblemLog:
    """Collects problems while a file is read to its end."""

    def __init__(self, unit: Literal["line", "record"] = "line") -> None:
        self.unit = unit
        self.total = 0
        self._listed: list[Problem] = []

    def add(self, line: int, column: str, what: str) -> None:
        """Note one problem."""
        self.total += 1
        if len(self._listed) < LISTED:
            self._listed.append(Problem(line=line, column=column, what=what, unit=self.unit))

    def stop(self, line: int, column: str, what: str) -> NoReturn:
        """Note a problem after which nothing more can be read.

        Raises:
            ReadingStopped: always.
        """
        self.add(line, column, what)
        raise ReadingStopped

    def raise_if_any(self, name: str) -> None:
        """Refuse the file if anything was wrong with it.

        Raises:
            BankFileError: at least one problem was noted.
        """
        if self.total:
            raise BankFileError(name, tuple(self._listed), self.total)
