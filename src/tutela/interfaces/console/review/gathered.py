"""Everything that the page of a case shows of its review, gathered from where it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import structs

from tutela.interfaces.console.review.choices import choices_of, short_cut
from tutela.interfaces.console.review.contesting import contesting_of
from tutela.interfaces.console.review.draft import Draft, draft_from
from tutela.interfaces.console.review.view import (
    Held,
    Reader,
    Work,
    foresights_of,
    may_take,
    sight_of,
)
from tutela.interfaces.review.saying import MOST_MEMBERS, categories_of, unseen_offer
from tutela.interfaces.services import Services
from tutela.model import CaseState
from tutela.model.review.budget import DayOfExposure
from tutela.model.review.reading import Reading
from tutela.model.review.standing import CaseChange, CaseContent
from tutela.response.review.absence import absences
from tutela.response.review.stacks import stacks
from tutela.storage.cases import CaseFile

WAITING = frozenset({CaseState.OPEN, CaseState.SECOND, CaseState.DISPUTED})


def work_of(
    services: Services, case_id: str, reader: Reader, draft: Draft
) -> tuple[CaseFile, Work]:
    """A case, and what its page shows of its review. Blocks.

    Raises:
        NotFound: there is no such case.
    """
    file = services.cases.get(case_id)
    held = _held(services, case_id, reader)
    readings = services.readings.of(case_id)
    contents = services.cases.contents(case_id)
    purpose = held.purpose if held else None
    sampled = services.samples.waits(case_id)
    grades = [one.grade for one in contents]
    review = services.policy.now().live.review
    members = services.cases.events(case_id, limit=MOST_MEMBERS)
    contesting = contesting_of(services, file, members)
    sight = sight_of(file, readings, reader, purpose, sampled=sampled, now=datetime.now(UTC))
    return file, Work(
        reader=reader,
        held=held,
        sight=sight,
        foresights=foresights_of(contesting.contested.event if contesting else file.event, grades),
        choices=choices_of(review, categories_of(services, file, contents)),
        draft=_filled_in(readings, reader) if held and draft == Draft() else draft,
        offered=held is None and may_take(file, readings, reader, sampled=sampled),
        offer=short_cut(review, unseen_offer(services, file, contents)) if held else None,
        day=_day(services, reader, contents) if held else None,
        limits=services.exposures.limits,
        absences=absences(members or (file,), contents) if held else (),
        contents=len(contents),
        stacks=tuple(stacks(contents)) if held else (),
        members=tuple(members) if file.standing.events > 1 else (),
        changes=_changes(services, case_id, named=not sight.hidden),
        queues=_queues(services, file, reader),
        may_arrange=held is not None and file.case.state is CaseState.OPEN,
        lease_seconds=services.settings.review.lease_seconds,
        contesting=contesting,
        appeals=tuple(one.file for one in services.appeals.about(file.event.id)),
    )


def _changes(services: Services, case_id: str, *, named: bool) -> tuple[CaseChange, ...]:
    """How the case came together; without who did it where readers are kept from the reader."""
    changes = services.arranging.history(case_id)
    if named:
        return tuple(structs.replace(one, by=one.by.removeprefix("person:")) for one in changes)
    return tuple(structs.replace(one, by="") for one in changes)


def _day(
    services: Services, reader: Reader, contents: Iterable[CaseContent]
) -> DayOfExposure | None:
    """What the person's day has come to, where the case has something to uncover."""
    anything = any(one.visible for one in contents)
    return services.exposures.day(reader.account) if anything else None


def _held(services: Services, case_id: str, reader: Reader) -> Held | None:
    if not (reader.works and reader.account):
        return None
    for one in services.claims.held(reader.account):
        if one.case_id == case_id:
            return Held(token=one.token, purpose=one.purpose, until=one.until)
    return None


def _filled_in(readings: Sequence[Reading], reader: Reader) -> Draft:
    """What somebody had filled in before it was undone: it is to be changed, not typed again."""
    last = next((one for one in reversed(readings) if one.account == reader.account), None)
    return Draft() if last is None or last.undone_at is None else draft_from(last)


def _queues(services: Services, file: CaseFile, reader: Reader) -> tuple[str, ...]:
    """Where the case may be moved to."""
    if not (reader.leads and file.case.state in WAITING and file.standing.holding is None):
        return ()
    return tuple(one.name for one in services.queues.list())
