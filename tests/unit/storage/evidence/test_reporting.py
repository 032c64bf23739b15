from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.unit.storage.evidence.conftest import DETECTED_AT, TERM, item, sealed

from tutela.errors import InvalidInput, NotFound
from tutela.model.custody.evidence import EvidenceKind, ItemState, Term
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.evidence.reporting import Reported

Recorder = Callable[..., str]
REFERENCE = Term(pack="uk-1", keep="5 years", bound=Bound.MINIMUM, after=Moment.REPORT)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def report(event_id: str, reference: str = "R-17", **other: object) -> Reported:
    known = Reported(
        event_id=event_id,
        moment=Moment.REPORT,
        at=AT,
        authority="the authority",
        reference=reference,
    )
    return msgspec.structs.replace(known, **other)


def test_a_report_begins_the_terms_that_count_from_it(
    items: EvidenceItems, record: Recorder, leaves: Callable[[], Sequence[Leaf]]
) -> None:
    new = item(sealed())
    notice = item(term=msgspec.structs.replace(TERM, after=Moment.NOTICE))
    event_id = record(new, notice)
    found = items.reported(report(event_id), REFERENCE, "cli:ann")
    assert [one.kind for one in found] == [
        *(EvidenceKind.CONTENT, EvidenceKind.CONTENT),
        EvidenceKind.REPORT_REFERENCE,
    ]
    assert (found[0].clock_at, found[0].expires_at) == (AT, AT.replace(year=2027))
    assert (found[1].clock_at, found[1].expires_at) == (None, notice.expires_at)
    reference = found[2]
    assert (reference.facts.name, reference.state) == ("R-17", ItemState.KEPT)
    assert reference.expires_at == AT.replace(year=2031)
    assert items.object_of(reference.id) is None
    first, second = leaves()[-2:]
    assert (first.kind, first.subject, first.data["begun"]) == (AuditKind.REPORT, event_id, 1)
    assert (second.kind, second.subject) == (AuditKind.REPORT, new.id)
    assert "R-17" not in repr(leaves())
    assert "authority" not in repr(leaves())


def test_the_same_report_again_changes_nothing(
    items: EvidenceItems, record: Recorder, leaves: Callable[[], Sequence[Leaf]]
) -> None:
    event_id = record(item(sealed()))
    found = items.reported(report(event_id), REFERENCE, "cli:ann")
    before = len(leaves())
    later = report(event_id, at=AT + timedelta(days=1))
    assert items.reported(later, REFERENCE, "cli:ann") == found
    assert len(leaves()) == before


@pytest.mark.parametrize(
    ("bound", "days"), [(Bound.MINIMUM, 3), (Bound.MAXIMUM, 0), (Bound.EXACT, 0)]
)
def test_a_later_report_prolongs_only_what_is_kept_at_least(
    items: EvidenceItems, record: Recorder, bound: Bound, days: int
) -> None:
    new = item(sealed(), term=msgspec.structs.replace(TERM, bound=bound))
    event_id = record(new)
    items.reported(report(event_id), REFERENCE, "cli:ann")
    items.reported(report(event_id, "R-18", at=AT + timedelta(days=3)), REFERENCE, "cli:ann")
    items.reported(report(event_id, "R-19", at=AT - timedelta(days=1)), REFERENCE, "cli:ann")
    assert items.get(new.id).clock_at == AT + timedelta(days=days)


def test_where_the_law_names_no_number_the_operator_does(
    database_items: Callable[[timedelta], EvidenceItems], record: Recorder
) -> None:
    items = database_items(timedelta(days=10))
    new = item(sealed(), term=msgspec.structs.replace(TERM, keep="not stated"))
    event_id = record(new)
    items.reported(report(event_id), REFERENCE, "cli:ann")
    assert items.get(new.id).expires_at == AT + timedelta(days=10)


def test_what_is_destroyed_stays_so(items: EvidenceItems, record: Recorder) -> None:
    new = item(sealed())
    event_id = record(new)
    items.destroy(new.id, "tutela", DETECTED_AT + timedelta(days=31))
    items.reported(report(event_id), REFERENCE, "cli:ann")
    assert items.get(new.id).clock_at is None


def test_bad_reports_are_refused(items: EvidenceItems, record: Recorder) -> None:
    event_id = record(item(sealed()))
    with pytest.raises(NotFound):
        items.reported(report("no-such-event"), REFERENCE, "cli:ann")
    for at in (datetime.now(UTC) + timedelta(days=1), datetime(2026, 11, 24)):  # noqa: DTZ001
        with pytest.raises(InvalidInput):
            items.reported(report(event_id, at=at), REFERENCE, "cli:ann")
    assert len(items.of_event(event_id)) == 1
