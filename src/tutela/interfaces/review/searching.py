"""Who may search cases by what, and what they are told of them.

Whoever reads cases, and does not lead, must not know what others made of a case that they may yet
read: it is open, or waits to be read again as a sample. What was decided is known to them once it
is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from tutela.errors import NotAllowed
from tutela.interfaces.access import Permission
from tutela.interfaces.web.guard import Caller
from tutela.model import CaseState
from tutela.model.review.search import CaseQuery
from tutela.storage.cases import CaseFile
from tutela.storage.review.figures.sampling import Samples

Query = TypeVar("Query", bound=CaseQuery)


def permitted(caller: Caller, query: Query) -> Query:
    """A query as somebody may ask it: by what was decided, readers find settled cases only.

    Raises:
        NotAllowed: a reader asks for what others made of cases, or for what was decided of cases
            that are not settled.
    """
    if not _reads(caller):
        return query
    if query.of_readings or (query.of_decisions and query.settled is False):
        raise NotAllowed("who reads cases does not search them by what others made of them")
    return replace(query, settled=True) if query.of_decisions else query


def seen_by(caller: Caller, files: Sequence[CaseFile], samples: Samples) -> Sequence[CaseFile]:
    """Cases as somebody may see them: readers are told what was decided once it is settled. Blocks.

    Args:
        caller: who asks.
        files: the cases.
        samples: knows which of them wait to be read again.
    """
    if not _reads(caller):
        return files
    again = samples.among([file.case.id for file in files])
    return [
        file
        if file.case.state is CaseState.CLOSED and file.case.id not in again
        else replace(file, standing=replace(file.standing, decided=None))
        for file in files
    ]


def _reads(caller: Caller) -> bool:
    return caller.may(Permission.REVIEW_WORK) and not caller.may(Permission.REVIEW_LEAD)
