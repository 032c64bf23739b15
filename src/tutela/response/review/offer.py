"""Whether a case may be decided without anybody looking: fewer exposures, where nothing is open.

Only where every content matches a trusted bank, all of whose lists give it one and the same grade,
where all contents have that grade, and where nothing was left out: no gap, nothing silenced, no
match of a bank that is not trusted. A perceptual match is none: somebody must see that it is right.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.review.reading import ReviewOutcome, graded
from tutela.model.review.standing import CaseContent
from tutela.storage.cases import CaseFile


class Offer(Record, frozen=True, kw_only=True):
    """What a case may be decided as without looking.

    Attributes:
        scheme, category: the grade that all lists agree on.
        banks: names of the trusted banks that say so.
        contents: of how many contents.
    """

    scheme: str
    category: str
    banks: tuple[str, ...]
    contents: int

    @property
    def outcome(self) -> ReviewOutcome:
        """The one outcome that lists can stand for."""
        return ReviewOutcome.CONFIRMED

    @property
    def grade(self) -> str:
        """Scheme and category as one word."""
        return graded(self.scheme, self.category)


def offer_of(files: Sequence[CaseFile], contents: Sequence[CaseContent]) -> Offer | None:
    """The offer for a case, or None.

    Args:
        files: all its events, each with its outcome.
        contents: all its contents.
    """
    grades = {content.grade for content in contents}
    if len(grades) != 1 or grades == {""} or not files or not all(map(_certain, files)):
        return None
    (grade,) = grades
    scheme, _, category = grade.partition(":")
    banks = {match.bank for file in files for match in file.outcome.matches}
    return Offer(
        scheme=scheme, category=category, banks=tuple(sorted(banks)), contents=len(contents)
    )


def _certain(file: CaseFile) -> bool:
    """Whether an event rests on exact matches of trusted banks alone, with nothing left out."""
    outcome = file.outcome
    exact = {match.path for match in outcome.matches if match.exact}
    return (
        file.case.kind is CaseKind.FINDING
        and bool(outcome.matches)
        and all(match.trusted for match in outcome.matches)
        and exact == {match.path for match in outcome.matches}
        and not outcome.gaps
        and not outcome.silenced
    )
