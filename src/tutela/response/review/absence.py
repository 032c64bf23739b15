"""Why there is nothing to see of a case: each reason is a state that is meant to be, and is named.

Only what was preserved can be shown. What is clear is never kept, and where a law forbids to look
nothing is either; a person decides such a case by what is told of it, or looks on the platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from tutela.model import Verdict
from tutela.model.custody.evidence import ItemState
from tutela.model.review.standing import CaseContent
from tutela.policy.law.law import unlawful
from tutela.storage.cases import CaseFile


class Absence(StrEnum):
    """Why there is nothing to see of an event, or of one of its contents."""

    TOLD = "told"
    """It brought no content: the case is about what was told."""
    NOT_PERMITTED = "not_permitted"
    """The law of the place lets nobody look, and so nothing was kept."""
    CLEAR = "clear"
    """It matched nothing, and clear content is never kept."""
    NOT_ASKED = "not_asked"
    """No rule asked to preserve it."""
    ELSEWHERE = "elsewhere"
    """It was never handed in; the platform was asked to preserve it."""
    OWED = "owed"
    """The vault could not take it yet."""
    DESTROYED = "destroyed"
    """It was kept, and has been erased."""


_OF_ITEMS = {
    ItemState.ELSEWHERE.value: Absence.ELSEWHERE,
    ItemState.OWED.value: Absence.OWED,
    ItemState.DESTROYED.value: Absence.DESTROYED,
}


def absences(files: Iterable[CaseFile], contents: Sequence[CaseContent]) -> tuple[Absence, ...]:
    """Why not all of a case can be seen, each reason once; empty where all of it can.

    Args:
        files: its events.
        contents: what they hold.
    """
    held: dict[str, list[CaseContent]] = {}
    for content in contents:
        held.setdefault(content.event_id, []).append(content)
    found = {reason for file in files for reason in _of_event(file, held.get(file.event.id, ()))}
    return tuple(reason for reason in Absence if reason in found)


def _of_event(file: CaseFile, contents: Sequence[CaseContent]) -> Iterable[Absence]:
    if unlawful(file.outcome.law):
        return [Absence.NOT_PERMITTED]
    if not contents:
        return [Absence.TOLD]
    return [
        _OF_ITEMS[one.item_state] if one.item else _not_kept(file)
        for one in contents
        if not one.item or one.item_state in _OF_ITEMS
    ]


def _not_kept(file: CaseFile) -> Absence:
    # Clear content is not kept even where a rule asks for it.
    return Absence.CLEAR if file.outcome.verdict is Verdict.CLEAR else Absence.NOT_ASKED
