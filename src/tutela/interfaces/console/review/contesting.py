"""What the page of an appeal shows of the decision that is contested."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.interfaces.console.review.view import Contesting
from tutela.interfaces.services import Services
from tutela.model.response.case import CaseKind
from tutela.storage.cases import CaseFile


def contesting_of(
    services: Services, file: CaseFile, members: Sequence[CaseFile]
) -> Contesting | None:
    """What a case contests; None where it is no appeal. Blocks.

    It names nobody: who reads an appeal need not know whose decision is contested.

    Args:
        services: where it is kept.
        file: the case.
        members: the appeals that stand in it.
    """
    if file.case.kind is not CaseKind.APPEAL:
        return None
    contested = services.appeals.contested_by(file.case.id)
    about = contested.event
    return Contesting(
        contested=contested,
        event_id=about.origin.event_id if about.origin else about.id,
        statement=_statement(services, file.standing.contests),
        appeals=tuple(one.event for one in members) or (file.event,),
    )


def _statement(services: Services, case_id: str | None) -> str:
    """What the person was told of a case that is decided."""
    if case_id is None:
        return ""
    root = services.cases.get(case_id).standing.root or case_id
    decided = services.cases.get(root).standing.decided
    given = [one for one in services.readings.of(root) if one.undone_at is None]
    if decided is None:
        return ""
    said = [one.statement for one in given if one.outcome == decided.outcome]
    return said[-1] if said else ""
