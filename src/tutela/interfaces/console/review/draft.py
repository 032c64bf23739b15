"""What somebody has filled in on the form of a case, before it counts.

Whatever a page must refuse is shown again as it was filled in: nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from tutela.errors import InvalidInput
from tutela.model.record import Record
from tutela.model.review.reading import Reading, ReviewOutcome

WORDS = 4000
"""Letters of a note, and of a statement."""
FORM_BYTES = 4 * 2**20
"""Largest form of a case that is read: far more than two texts of `WORDS` letters. What somebody
has pasted, up to a megabyte of it, is shown again as it was, with what is wrong about it."""
REASON = "reason-"
"""Beginning of the names of the boxes for reasons."""
KEPT = ("outcome", "category", "note", "statement")
"""Fields that a person fills in, but for the reasons."""


class Draft(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A decision that is being made.

    Attributes:
        outcome: as chosen; empty where nothing is chosen yet.
        category: `scheme:category` as chosen, or empty.
        reasons: names of the reasons that were ticked.
        note, statement: as typed, of any length.
        unseen: whether it is to be decided as the lists say.
    """

    outcome: str = ""
    category: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    statement: str = ""
    unseen: bool = False

    def chosen(self) -> ReviewOutcome:
        """The outcome.

        Raises:
            InvalidInput: none was chosen, or one that there is not.
        """
        if self.outcome not in set(ReviewOutcome):
            raise InvalidInput("no outcome is chosen", where="outcome", remedy="choose one")
        return ReviewOutcome(self.outcome)

    def graded(self) -> tuple[str, str]:
        """The scheme and the category; both empty where none was chosen."""
        scheme, _, category = self.category.rpartition(":")
        return scheme, category

    def check(self) -> None:
        """Refuse texts that are too long.

        Raises:
            InvalidInput: the note or the statement is longer than `WORDS`.
        """
        for name, text in (("note", self.note), ("statement", self.statement)):
            if len(text) > WORDS:
                raise InvalidInput(
                    f"it has {len(text):,} letters; {WORDS:,} are the most",
                    where=name,
                    remedy="shorten it",
                )


def draft_of(fields: Mapping[str, str]) -> Draft:
    """What the fields of a form say; whatever is missing is empty."""
    return Draft(
        outcome=fields.get("outcome", ""),
        category=fields.get("category", ""),
        reasons=tuple(
            name.removeprefix(REASON) for name in fields if name.startswith(REASON) and fields[name]
        ),
        note=_lines(fields.get("note", "")),
        statement=_lines(fields.get("statement", "")),
        unseen=bool(fields.get("unseen")),
    )


def draft_from(reading: Reading) -> Draft:
    """What had been filled in for a reading."""
    return Draft(
        outcome=reading.outcome.value,
        category=":".join(filter(None, (reading.scheme, reading.category))),
        reasons=reading.reasons,
        note=reading.note,
        statement=reading.statement,
    )


def _lines(text: str) -> str:
    """Browsers send every end of a line as two characters; one is what was typed."""
    return text.replace("\r\n", "\n").strip()
