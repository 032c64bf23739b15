"""What the form of a case offers: outcomes, categories, the policy's reasons, and a short cut."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.interfaces.console.review.draft import Draft
from tutela.interfaces.console.review.view import Choice, Choices, Offer
from tutela.interfaces.review.saying import OfferedCategory
from tutela.model.response.case import CaseKind
from tutela.policy.reviewing.review import ReviewPolicy
from tutela.response.review.answering import appeal_outcome
from tutela.response.review.offer import Offer as ListsOffer
from tutela.response.review.statement import answered
from tutela.response.review.statement import draft as drafted
from tutela.storage.cases import CaseFile


def choices_of(review: ReviewPolicy, categories: Sequence[OfferedCategory]) -> Choices:
    """What may be chosen.

    Args:
        review: what the policy says of review.
        categories: what the case may be put into. The first one's scheme is named once; of others
            it stands with the category.
    """
    reasons = tuple(
        Choice(value=one.name, name=one.text, hint=one.notice, outcomes=one.outcomes)
        for one in review.reasons
    )
    scheme = categories[0].scheme if categories else ""
    choices = tuple(
        Choice(
            value=one.grade,
            name=one.category if one.scheme == scheme else one.grade.replace(":", " "),
            hint=one.label,
        )
        for one in categories
    )
    return Choices(scheme=scheme, categories=choices, reasons=reasons)


def short_cut(review: ReviewPolicy, found: ListsOffer | None) -> Offer | None:
    """What the form says of deciding without looking; None where somebody must look."""
    if found is None:
        return None
    # Without looking nobody can say more than that it is what the lists say: the first reason.
    reasons = tuple(one.name for one in review.offered(found.outcome)[:1])
    return Offer(outcome=found.outcome, category=found.grade, reasons=reasons, banks=found.banks)


def statement_of(review: ReviewPolicy, file: CaseFile, draft: Draft) -> str:
    """A statement of reasons for what is chosen on a form, in the policy's words.

    Raises:
        InvalidInput: no outcome is chosen.
    """
    language = file.event.language or file.standing.language
    if file.case.kind is CaseKind.APPEAL:
        outcome = appeal_outcome(draft.chosen())
        if outcome is None:
            return ""
        return answered(outcome, review, draft.reasons, language=language or "en")
    automated = bool(file.outcome.matches or file.event.ratings)
    return drafted(
        review, draft.chosen(), draft.reasons, language=language or "en", automated=automated
    )
