"""What may be said of a case: checked the same wherever somebody says it.

An outcome's reasons are the policy's. A category is one of the law's place, or one that a list
gives a content of the case. Without looking nobody can say more than the lists do.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutela.errors import InvalidInput
from tutela.interfaces.services import Services
from tutela.interfaces.web.problems import Unprocessable
from tutela.model.record import Record
from tutela.model.review.reading import ReviewOutcome, graded
from tutela.model.review.standing import CaseContent
from tutela.policy.reviewing.review import OfferedReason
from tutela.response.review.offer import Offer, offer_of
from tutela.storage.cases import CaseFile
from tutela.storage.review.readings import SaidReading

MOST_MEMBERS = 50
"""Events of a case that are looked at for an offer; one that holds more must be looked at."""


class OfferedCategory(Record, frozen=True, kw_only=True):
    """A category that a case may be put into.

    Attributes:
        scheme, category: as a reading names them.
        label: what it is called; empty where only a list knows it.
    """

    scheme: str
    category: str
    label: str = ""

    @property
    def grade(self) -> str:
        """Scheme and category as one word."""
        return graded(self.scheme, self.category)


class CaseChoices(Record, frozen=True, kw_only=True):
    """What may be said of a case.

    Attributes:
        categories: those that it may be put into, or none of them.
        reasons: those that the policy offers, each for some outcomes.
        unseen: what it may be decided as without looking; None where somebody must look.
    """

    categories: Sequence[OfferedCategory]
    reasons: Sequence[OfferedReason]
    unseen: Offer | None


def categories_of(
    services: Services, file: CaseFile, contents: Sequence[CaseContent]
) -> tuple[OfferedCategory, ...]:
    """The categories that a case may be put into, in the order in which they are offered.

    Those of its place first, then what lists call its contents.
    """
    of_place = [
        OfferedCategory(scheme=one.scheme, category=one.category, label=one.label)
        for one in services.law.categories_of(file.event.region)
    ]
    of_lists = [
        OfferedCategory(scheme=scheme, category=category)
        for scheme, _, category in (
            grade.partition(":") for grade in sorted({one.grade for one in contents if one.grade})
        )
    ]
    known = {one.grade for one in of_place}
    return (*of_place, *(one for one in of_lists if one.grade not in known))


def unseen_offer(
    services: Services, file: CaseFile, contents: Sequence[CaseContent]
) -> Offer | None:
    """What a case may be decided as without looking; None where somebody must look. Blocks."""
    members = services.cases.events(file.case.id, limit=MOST_MEMBERS)
    return offer_of(members, contents) if len(members) == file.standing.events else None


def choices_for(services: Services, case_id: str) -> CaseChoices:
    """What may be said of a case. Blocks; raises `NotFound`."""
    file, contents = services.cases.get(case_id), services.cases.contents(case_id)
    return CaseChoices(
        categories=categories_of(services, file, contents),
        reasons=services.policy.now().live.review.reasons,
        unseen=unseen_offer(services, file, contents),
    )


def check_said(services: Services, case_id: str, said: SaidReading) -> None:
    """Let only pass what can be said of a case. Blocks.

    Raises:
        NotFound: there is no such case.
        InvalidInput: the policy offers no such reason for the outcome.
        Unprocessable: there is no such category for the case, or it cannot be decided without
            looking, or not as that.
    """
    check_reasons(services, said.outcome, said.reasons)
    if not (said.category or said.scheme or said.unseen):
        return
    file, contents = services.cases.get(case_id), services.cases.contents(case_id)
    grade = OfferedCategory(scheme=said.scheme, category=said.category).grade
    _check_category(categories_of(services, file, contents), said, grade)
    if said.unseen:
        _check_unseen(unseen_offer(services, file, contents), said, grade)


def check_reasons(services: Services, outcome: ReviewOutcome, reasons: Sequence[str]) -> None:
    """Let only reasons pass that the policy offers for an outcome.

    Raises:
        InvalidInput: it offers no such reason.
    """
    offered = {one.name for one in services.policy.now().live.review.offered(outcome)}
    unknown = next((name for name in reasons if name not in offered), None)
    if unknown is not None:
        raise InvalidInput(
            "the policy offers no such reason for this outcome",
            where="reasons",
            remedy=f"it offers: {', '.join(sorted(offered)) or 'none'}",
        )


def _check_category(offered: Sequence[OfferedCategory], said: SaidReading, grade: str) -> None:
    """A category that nobody can look up says nothing."""
    told = (said.scheme, said.category)
    if grade and not any((one.scheme, one.category) == told for one in offered):
        raise Unprocessable(
            "there is no such category for this case",
            where="category",
            remedy=f"there is: {', '.join(one.grade for one in offered) or 'none'}",
        )


def _check_unseen(offer: Offer | None, said: SaidReading, grade: str) -> None:
    if offer is None:
        raise Unprocessable(
            "this case cannot be decided without looking: lists do not agree on all of it",
            where="unseen",
            remedy="look at it, or hand it back",
        )
    if (said.outcome, grade) != (offer.outcome, offer.grade):
        raise Unprocessable(
            "without looking, a case can only be decided as its lists say",
            where="unseen",
            remedy=f"say {offer.outcome}, {offer.grade}; or look at it",
        )
