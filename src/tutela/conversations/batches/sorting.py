"""Law first: what of a batch may be worked with at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from tutela.conversations.batches.carrying import Numbered
from tutela.conversations.batches.checking import check, check_report
from tutela.errors import InvalidInput
from tutela.model import EventKind, Ruling, SurfaceClass
from tutela.model.conversation.batch import (
    MessageResult,
    MessageStatus,
    NewMessage,
    NewReport,
)
from tutela.storage.conversation.standing import Key
from tutela.storage.law import counter_of

LawOf = Callable[[str, str, EventKind], Ruling | None]
"""Gives what the law of a region says of a surface, for a kind of event."""


class Batch(NamedTuple):
    """A batch, sorted.

    Attributes:
        results: what is said of messages already, by their place in the batch.
        groups: the rest, by conversation.
        reports: those that count.
        report_results: what is said of each report.
        tally: counters of what the law let be rated, and what not.
    """

    results: dict[int, MessageResult]
    groups: dict[Key, list[Numbered]]
    reports: tuple[NewReport, ...]
    report_results: tuple[MessageResult, ...]
    tally: Counter[str]


def sort(
    messages: Sequence[NewMessage | MessageResult],
    reports: Sequence[NewReport | MessageResult],
    law: LawOf,
    at: datetime,
) -> Batch:
    """Sort a batch.

    Args:
        messages: messages, or what is said already of those that could not be read.
        reports: likewise.
        law: says what may be rated.
        at: the present.
    """
    said = tuple(map(_report_result, reports))
    told = zip(reports, said, strict=True)
    counted = [one for one, result in told if isinstance(one, NewReport) and not result.why]
    batch = Batch(
        results={},
        groups={},
        reports=tuple(counted),
        report_results=said,
        tally=Counter(),
    )
    for place, message in enumerate(messages):
        said_of = _result(message, law, at, batch.tally)
        if said_of is not None:
            batch.results[place] = said_of
        elif isinstance(message, NewMessage):
            batch.groups.setdefault(Key(message.conversation, message.drill), []).append(
                Numbered(place, message)
            )
    return batch


def refused(problem: InvalidInput) -> MessageResult:
    """The result of what cannot be taken."""
    return MessageResult(status=MessageStatus.REFUSED, why=str(problem))


def _result(
    message: NewMessage | MessageResult, law: LawOf, at: datetime, tally: Counter[str]
) -> MessageResult | None:
    """What is said of a message before it is worked with; None where it may be."""
    if isinstance(message, MessageResult):
        return message
    try:
        check(message)
    except InvalidInput as problem:
        return refused(problem)
    ruling = _ruling(message, law)
    permitted = ruling is None or ruling.may_scan
    tally[counter_of(ruling, at.date(), looked_at=permitted)] += 1
    if ruling is None or permitted:
        return None
    return MessageResult(
        status=MessageStatus.NOT_PERMITTED, why=f"pack {ruling.pack}: {ruling.reason}"
    )


def _ruling(message: NewMessage, law: LawOf) -> Ruling | None:
    """What the law says of rating a message.

    A message of an encrypted surface that comes without text says who wrote to whom, as the
    platform's servers know it: nothing within it is looked at. What the law says of private
    messages decides about that.
    """
    ruling = law(message.region, message.surface, EventKind.MESSAGE)
    encrypted = ruling is not None and ruling.surface_class is SurfaceClass.ENCRYPTED_MESSAGES
    if encrypted and not message.text:
        return law(message.region, SurfaceClass.PRIVATE_MESSAGES.value, EventKind.MESSAGE)
    return ruling


def _report_result(report: NewReport | MessageResult) -> MessageResult:
    if isinstance(report, MessageResult):
        return report
    try:
        check_report(report)
    except InvalidInput as problem:
        return refused(problem)
    return MessageResult(status=MessageStatus.RATED)
