"""Reports to authorities are recorded, with how long their reference is kept."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model.custody.evidence import EvidenceKind, Item
from tutela.response.custody.terms import Terms
from tutela.storage.events import Events
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.evidence.reporting import Reported


def record_report(
    items: EvidenceItems, events: Events, terms: Terms, report: Reported, by: str
) -> Sequence[Item]:
    """Record a report; every item of its event as it then stands.

    Args:
        items: the items.
        events: the events.
        terms: says how long the reference is kept.
        report: the report.
        by: who records it.

    Raises:
        NotFound: there is no such event.
        InvalidInput: it lies in the future, or its time has no zone.
    """
    region = events.get(report.event_id).event.region
    return items.reported(report, terms.of(region, EvidenceKind.REPORT_REFERENCE), by)
