"""What a case becomes in the tables when its event is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Table

from tutela.model import Case, Content, Event, Match, Outcome
from tutela.model.record import Record
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.review.score import score_of
from tutela.storage.review.tables import case_contents
from tutela.storage.tables import cases
from tutela.storage.values import microseconds, signal_bytes

Row = tuple[Any, ...]
PDQ = "pdq"
SHA256 = "sha256"

CASE_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    cases: (
        "event_seq",
        "id",
        "opened_at",
        "state",
        "drill",
        "principles",
        "summary",
        "severity",
        "second_look",
        "kind",
        "contests",
        "actor",
        "conversation",
        "region",
        "language",
        "imminent",
        "reach",
        "score",
        "rank",
        "readings_wanted",
    ),
    case_contents: ("event_seq", "ordinal", "mark", "pdq", "sha256", "media_type", "grade"),
}


class Contested(Record, frozen=True, kw_only=True):
    """What an appeal contests.

    Attributes:
        seq: number of the event that was decided about.
        event, outcome: that event, with its kept signals, and what came of it.
        settled: what people decided about it; None where nobody has.
    """

    seq: int
    event: Event
    outcome: Outcome
    settled: ReviewOutcome | None = None


def case_rows(
    event: Event, outcome: Outcome, case: Case | None, contested: Contested | None = None
) -> Iterator[tuple[Table, Row]]:
    """The rows of a case, without its event's number; none where there is no case.

    An appeal is about what the contested event holds, so that its case holds the same.
    """
    if case is None:
        return
    reach = 1 + len(event.receivers)
    score = score_of(imminent=case.imminent, reach=reach, severity=case.severity)
    yield (
        cases,
        (
            case.id,
            microseconds(case.opened_at),
            case.state.value,
            case.drill,
            msgspec.json.encode(case.principles).decode(),
            case.summary,
            case.severity.value,
            case.second_look,
            case.kind.value,
            contested.seq if contested else None,
            event.actor.id if event.actor else None,
            event.conversation,
            event.region,
            event.language,
            case.imminent,
            reach,
            score,
            -score,
            2 if case.second_look else 1,
        ),
    )
    held, found_in = (contested.event, contested.outcome) if contested else (event, outcome)
    marks = content_marks(held)
    for ordinal, content in enumerate(held.contents):
        grade = grade_of(content, found_in.matches)
        found = (_bytes(content, PDQ), _bytes(content, SHA256))
        yield case_contents, (ordinal, marks[content.path], *found, content.media_type, grade)


def content_marks(event: Event) -> dict[tuple[str, ...], int]:
    """For each content by path a number that equal contents share and others hardly ever do.

    It is made of all signals: of a file these include its digests, of ready-made signals there is
    nothing else.
    """
    marks = {}
    for content in event.contents:
        whole = sorted(f"{signal.kind} {signal.value}" for signal in content.signals)
        # What has no signal at all is like nothing else.
        text = "\n".join(whole) or f"{event.id} {content.path}"
        digest = hashlib.sha256(text.encode(errors="replace")).digest()
        marks[content.path] = int.from_bytes(digest[:8], "big", signed=True)
    return marks


def grade_of(content: Content, matches: tuple[Match, ...]) -> str:
    """What all trusted lists that know a content agree on, as `scheme:category`; or empty."""
    known = [match for match in matches if match.path == content.path and match.trusted]
    grades = {(match.scheme, match.category) for match in known}
    if len(grades) != 1:
        return ""
    ((scheme, category),) = grades
    return f"{scheme}:{category}" if category else ""


def _bytes(content: Content, kind: str) -> bytes | None:
    """A content's signal of a kind; None where there is none, or it would say little."""
    for signal in content.signals:
        if signal.kind == kind and signal.low_information is None:
            return signal_bytes(signal)
    return None
