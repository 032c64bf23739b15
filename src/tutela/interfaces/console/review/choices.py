"""What the form of a case offers: outcomes, categories, the policy's reasons, and a short cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutela.interfaces.console.review.draft import Draft
from tutela.interfaces.console.review.view import Choice, Choices, Offer
from tutela.model.review.reading import ReviewOutcome
from tutela.model.review.standing import CaseContent
from tutela.policy.reviewing.review import ReviewPolicy
from tutela.response.review.offer import offer_of
from tutela.response.review.statement import draft as drafted
from tutela.storage.cases import CaseFile


def choices_of(review: ReviewPolicy, grades: Iterable[str]) -> Choices:
    """What may be chosen.

    Args:
        review: what the policy says of review.
        grades: what lists call the contents, as `scheme:category`; empty ones are left out.
    """
    reasons = tuple(
        Choice(value=one.name, name=one.text, hint=one.notice, outcomes=one.outcomes)
        for one in review.reasons
    )
    known = sorted({grade for grade in grades if grade})
    categories = tuple(Choice(value=grade, name=grade.replace(":", " ")) for grade in known)
    return Choices(categories=categories, reasons=reasons)


def short_cut(
    review: ReviewPolicy,
    files: Sequence[CaseFile],
    contents: Sequence[CaseContent],
    events: int,
) -> Offer | None:
    """What the case may be decided as without looking; None where somebody must look.

    Args:
        review: what the policy says of review.
        files: events of the case.
        contents: all its contents.
        events: how many events the case has; where not all of them are known, somebody must look.
    """
    found = offer_of(files, contents) if len(files) == events else None
    if found is None:
        return None
    outcome = ReviewOutcome.CONFIRMED
    # Without looking nobody can say more than that it is what the lists say: the first reason.
    reasons = tuple(one.name for one in review.offered(outcome)[:1])
    category = f"{found.scheme}:{found.category}"
    return Offer(outcome=outcome, category=category, reasons=reasons, banks=found.banks)


def statement_of(review: ReviewPolicy, file: CaseFile, draft: Draft) -> str:
    """A statement of reasons for what is chosen on a form, in the policy's words.

    Raises:
        InvalidInput: no outcome is chosen.
    """
    language = file.event.language or file.standing.language
    automated = bool(file.outcome.matches or file.event.ratings)
    return drafted(
        review, draft.chosen(), draft.reasons, language=language or "en", automated=automated
    )
