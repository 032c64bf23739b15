"""Tables: CSV with one message on each row, or a PANC table with one segment on each row.

Columns of the first kind: `conversation_id`, `text`, and any of `author`, `time`, `number`,
`media`, `language`, `label`, `stratum`, `author_age`, `author_age_band`, `predator`. Rows of one
conversation follow each other; so the file is never held. What concerns the whole conversation may
stand on any of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tutela.detection.conversation.corpora.clock import Clock
from tutela.detection.conversation.corpora.panc import SOURCE as PANC
from tutela.detection.conversation.corpora.panc import class_of
from tutela.detection.conversation.corpora.record import (
    LONGEST_ID,
    age_of,
    band_of,
    identifier,
)
from tutela.detection.conversation.corpora.rows import Row, rows_of
from tutela.detection.conversation.corpora.source import Source
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.errors import InvalidInput
from tutela.model.actor import AgeBand
from tutela.model.conversation.message import Conversation, Labelled, Message, Participant

DELIMITERS: Final = (",", ";", "\t")
MESSAGES: Final = frozenset(("conversation_id", "text"))
"""Columns by which a table of messages is known."""
SEGMENTS: Final = frozenset(("label", "chatname", "segment"))
"""Columns by which a table of segments is known."""

_COLUMNS = MESSAGES | frozenset(
    [
        "author",
        "time",
        "number",
        "media",
        "language",
        "label",
        "stratum",
        "author_age",
        "author_age_band",
        "predator",
    ]
)
_YES = frozenset(("1", "true", "yes"))
_NO = frozenset(("0", "false", "no"))
_QUOTE = '"'
_DIGITS = 15


def columns_of(line: str) -> tuple[str, tuple[str, ...]] | None:
    """The delimiter and the columns of a header, in lower case; None where it is no header."""
    for delimiter in DELIMITERS:
        cells = tuple(cell.strip().strip(_QUOTE).lower() for cell in line.split(delimiter))
        if set(cells) >= MESSAGES or set(cells) >= SEGMENTS:
            return delimiter, cells
    return None


def read_table(source: Source, tally: Tally, *, name: str) -> Iterator[Labelled]:
    """Yield the conversations of a table; damaged rows go to `tally`.

    Args:
        source: the file.
        tally: counts what is read, skipped, mended and ignored. A damaged row costs itself only.
        name: what the conversations came from.

    Raises:
        InvalidInput: the header does not name the columns, or one of them twice.
    """
    lines = source.lines()
    header = next(lines, None)
    found = columns_of((header.content or b"").decode("utf-8", "replace") if header else "")
    if found is None:
        raise InvalidInput("the header does not name conversation_id and text", where=name)
    delimiter, columns = found
    if len(set(columns)) < len(columns):
        raise InvalidInput("the header names a column twice", where=name)
    segments = set(columns) >= SEGMENTS
    for column in set(columns) - (SEGMENTS if segments else _COLUMNS):
        tally.ignore(column)
    rows = _named(rows_of(lines, delimiter, tally), columns, tally)
    yield from _segments(rows, tally) if segments else _conversations(rows, tally, name)


class _Cells(NamedTuple):
    """A row whose cells are known by their columns."""

    line: int
    by: dict[str, str]

    def get(self, column: str) -> str:
        return self.by.get(column, "").strip()


def _named(rows: Iterable[Row], columns: tuple[str, ...], tally: Tally) -> Iterator[_Cells]:
    for row in rows:
        if len(row.cells) > len(columns):
            tally.skip(row.line, f"has {len(row.cells)} cells, the header has {len(columns)}")
        else:
            yield _Cells(row.line, dict(zip(columns, row.cells, strict=False)))


def _segments(rows: Iterable[_Cells], tally: Tally) -> Iterator[Labelled]:
    for row in rows:
        try:
            labelled = _segment(row)
        except Damaged as damage:
            tally.skip(row.line, str(damage))
            continue
        tally.read += 1
        yield labelled


def _segment(row: _Cells) -> Labelled:
    lines = row.by.get("segment", "").split("\n")
    identity = _identity(row, "chatname")
    return Labelled(
        conversation=Conversation(
            id=identity,
            language="en",
            messages=tuple(Message(author="", text=line) for line in lines if line.strip()),
        ),
        label=class_of(row.get("label")),
        source=PANC,
    )


def _conversations(rows: Iterable[_Cells], tally: Tally, name: str) -> Iterator[Labelled]:
    gathered: _Gathered | None = None
    for row in rows:
        try:
            identity = _identity(row, "conversation_id")
            if gathered is None or gathered.identity != identity:
                if gathered is not None and gathered.messages:
                    yield gathered.labelled(name)
                gathered = _Gathered(identity, tally)
            gathered.add(row)
        except Damaged as damage:
            tally.skip(row.line, str(damage))
    if gathered is not None and gathered.messages:
        yield gathered.labelled(name)


class _Gathered:
    """The rows of one conversation so far."""

    def __init__(self, identity: str, tally: Tally) -> None:
        self.identity = identity
        self.messages: list[Message] = []
        self._tally = tally
        self._clock = Clock()
        self._people: dict[str, Participant] = {}
        self._predators: dict[str, None] = {}
        self._label: bool | None = None
        self._whole = {"language": "", "stratum": ""}

    def add(self, row: _Cells) -> None:
        """Take a row in.

        Raises:
            Damaged: it cannot be one; nothing of it is taken.
        """
        label, predator = _yes_or_no(row, "label"), _yes_or_no(row, "predator")
        author = identifier(row.get("author"), "author")
        if label is not None and self._label not in (None, label):
            raise Damaged("label differs from the rows before")
        self._label = self._label if label is None else label
        if predator and author:
            self._predators[author] = None
        for name in self._whole:
            self._whole[name] = self._whole[name] or row.get(name)[:LONGEST_ID]
        self._person(author, row)
        self.messages.append(self._message(author, row))

    def labelled(self, name: str) -> Labelled:
        """The conversation that the rows made."""
        self._tally.read += 1
        label = True if self._label is None and self._predators else self._label
        return Labelled(
            conversation=Conversation(
                id=self.identity,
                language=self._whole["language"],
                participants=tuple(self._people.values()),
                messages=tuple(self.messages),
            ),
            label=label,
            predator_ids=tuple(self._predators),
            stratum=self._whole["stratum"],
            source=name,
        )

    def _message(self, author: str, row: _Cells) -> Message:
        written, number = row.get("time"), row.get("number")
        time = self._clock.read(written) if written else None
        if written and time is None:
            self._tally.mend("time that was not understood")
        return Message(
            author=author,
            text=row.by.get("text", ""),
            time=time,
            number=_whole_number(number, self._tally) if number else None,
            media=_yes_or_no(row, "media") is True,
        )

    def _person(self, author: str, row: _Cells) -> None:
        age, band = row.get("author_age"), row.get("author_age_band")
        if author and (age or band) and author not in self._people:
            self._people[author] = Participant(
                id=author,
                age=age_of(int(age) if age.isdecimal() and len(age) <= 3 else age, self._tally)  # noqa: PLR2004 - digits of an age
                if age
                else None,
                age_band=band_of(band, self._tally) if band else AgeBand.UNKNOWN,
            )


def _identity(row: _Cells, column: str) -> str:
    found = identifier(row.get(column), column)
    if not found:
        raise Damaged(f"{column} is empty")
    return found


def _whole_number(text: str, tally: Tally) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    tally.mend("number of a message that is not a whole number")
    return None


def _yes_or_no(row: _Cells, column: str) -> bool | None:
    text = row.get(column).lower()
    if not text:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    raise Damaged(f"{column} is neither true nor false")
