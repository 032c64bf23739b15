"""Cases out: any number of them as CSV or JSON lines, for the API, the console and the CLI.

A spreadsheet takes a cell that begins with certain characters for a formula, and carries it out.
What people outside wrote stands in these files, so such a cell gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import islice

import msgspec

from tutela.storage.review.exporting import CaseExport

AT_ONCE = 200
FORMULA = frozenset("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that a spreadsheet may take for a formula or command."""

_Value = str | float | datetime | None

COLUMNS = (
    *("case", "event", "opened_at", "state", "kind", "queue", "score", "imminent", "severity"),
    *("principles", "events", "reach", "revision", "region", "language", "drill", "event_kind"),
    *("surface", "actor", "conversation", "summary", "verdict", "banks", "rules", "actions"),
    *("waits_until", "stands_in", "contests", "outcome", "category", "decided_at", "closed_at"),
    *("readings", "readers", "contested_event", "appeal"),
)


class CaseFormat(StrEnum):
    """The formats in which cases can be exported."""

    CSV = "csv"
    """One row per case: for spreadsheets."""
    LINES = "ndjson"
    """One JSON object per case, with its event, its outcome and its readings: for programs."""

    @property
    def media_type(self) -> str:
        """Media type of a file in this format."""
        return "text/csv; charset=utf-8" if self is CaseFormat.CSV else "application/x-ndjson"


def cases_exported(cases: Iterable[CaseExport], form: CaseFormat) -> Iterator[bytes]:
    """Write cases as a file, piece by piece. Blocks; reads the cases as a stream."""
    stream, encoder = iter(cases), msgspec.json.Encoder()
    if form is CaseFormat.CSV:
        yield _written([COLUMNS])
    while some := list(islice(stream, AT_ONCE)):
        if form is CaseFormat.CSV:
            yield _written([_row(one) for one in some])
        else:
            yield encoder.encode_lines(some)


def _written(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    # Half a surrogate pair is no text that a file can hold.
    return text.getvalue().encode(errors="replace")


def _row(one: CaseExport) -> list[str]:
    case, event, standing, decided = one.case, one.event, one.standing, one.standing.decided
    reasons = one.outcome.decision.reasons
    counting = [reading for reading in one.readings if reading.undone_at is None]
    values: dict[str, _Value] = {
        "case": case.id,
        "event": event.id,
        "opened_at": case.opened_at,
        "state": case.state.value,
        "kind": case.kind.value,
        "queue": standing.queue,
        "score": standing.score,
        "imminent": case.imminent,
        "severity": case.severity.value,
        "principles": " ".join(map(str, case.principles)),
        "events": standing.events,
        "reach": standing.reach,
        "revision": standing.revision,
        "region": standing.region,
        "language": standing.language,
        "drill": case.drill,
        "event_kind": event.kind.value,
        "surface": event.surface,
        "actor": event.actor.id if event.actor else "",
        "conversation": event.conversation,
        "summary": case.summary,
        "verdict": one.outcome.verdict.value,
        "banks": " ".join(dict.fromkeys(match.bank for match in one.outcome.matches)),
        "rules": " ".join(dict.fromkeys(reason.rule for reason in reasons)),
        "actions": " ".join(action.value for action in one.outcome.decision.actions),
        "waits_until": standing.waits_until,
        "stands_in": standing.root,
        "contests": standing.contests,
        "outcome": decided.outcome if decided else "",
        "category": decided.category if decided else "",
        "decided_at": decided.at if decided else None,
        "closed_at": decided.closed_at if decided else None,
        "readings": len(counting),
        "readers": " ".join(dict.fromkeys(reading.pseudonym for reading in counting)),
        "contested_event": standing.contested,
        "appeal": event.appeal.text if event.appeal else "",
    }
    return [_cell(values[name]) for name in COLUMNS]


def _cell(value: _Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case str():
            return harmless(value)
        case _:
            return str(value)


def harmless(text: str) -> str:
    """A text that no spreadsheet carries out."""
    # Without what spreadsheets do not show, so that nothing hides in front.
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" \ufeff\u200b\u00a0")[:1] in FORMULA else text
