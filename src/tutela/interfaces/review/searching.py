"""Who may search cases by what."""

from __future__ import annotations

from tutela.errors import NotAllowed
from tutela.interfaces.access import Permission
from tutela.interfaces.web.guard import Caller
from tutela.model.review.search import CaseQuery


def check_search(caller: Caller, query: CaseQuery) -> None:
    """Let nobody find out by a search what others made of a case that they may yet read.

    Raises:
        NotAllowed: whoever asks reads cases, and asks for what others made of them.
    """
    reads = caller.may(Permission.REVIEW_WORK) and not caller.may(Permission.REVIEW_LEAD)
    if reads and query.of_readings:
        raise NotAllowed("who reads cases does not search them by what others made of them")
