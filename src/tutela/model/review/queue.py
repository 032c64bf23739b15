"""Queues: which cases wait where, how they are read, and what is promised of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from tutela.model.record import Record
from tutela.model.response.case import CaseKind
from tutela.model.response.decision import Severity

QueueName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$(?!\n)")]
Number = Annotated[int, msgspec.Meta(ge=1, le=11)]
LanguageTag = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$(?!\n)")
]
Region = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,16}$(?!\n)")]

EVERYTHING = "everything"
"""The queue that takes what no other takes. It is always there, and the last."""


class QueueFilter(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Which cases a queue takes: those that all of its parts hold of; an empty part holds always.

    Attributes:
        principles: numbers of the Voluntary Principles, one of which the case names.
        severities: how grave it is.
        imminent: whether a danger is imminent; None for either.
        languages: language tags, by their beginning: `en` takes `en-GB`.
        regions: ISO 3166 codes.
        kinds: `finding` or `appeal`.
    """

    principles: Annotated[tuple[Number, ...], msgspec.Meta(max_length=11)] = ()
    severities: Annotated[tuple[Severity, ...], msgspec.Meta(max_length=4)] = ()
    imminent: bool | None = None
    languages: Annotated[tuple[LanguageTag, ...], msgspec.Meta(max_length=100)] = ()
    regions: Annotated[tuple[Region, ...], msgspec.Meta(max_length=300)] = ()
    kinds: Annotated[tuple[CaseKind, ...], msgspec.Meta(max_length=2)] = ()


class Queue(Record, frozen=True, kw_only=True):
    """A queue of cases.

    Attributes:
        name: its name in addresses and lists.
        position: queues are asked in this order; the first that takes a case has it.
        filter: which cases it takes.
        readings: how many people read each case: 1, 2 (four eyes) or 3 (three votes).
        sample_share: share of decided cases that are read again at random, 0 to 1.
        wait_seconds: a case should be decided within so long.
        accuracy: share of sampled readings that should agree, 0 to 1.
    """

    name: QueueName
    position: int
    filter: QueueFilter = QueueFilter()
    readings: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    sample_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    wait_seconds: Annotated[int, msgspec.Meta(ge=60, le=31_536_000)] = 86_400
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.9


class QueueCounts(Record, frozen=True, kw_only=True):
    """What waits in a queue now.

    Attributes:
        queue: its name; empty where this is of all queues together.
        waiting: cases that wait for a reading, held or not.
        held: those of them that somebody reads now.
        imminent: those of them that say that a danger is imminent.
        disputed: those of them that a senior reviewer must settle.
        overdue: those of them that wait for longer than the queue promises.
        oldest_at: when the one was opened that should be decided first; None where none waits.
    """

    queue: str
    waiting: int = 0
    held: int = 0
    imminent: int = 0
    disputed: int = 0
    overdue: int = 0
    oldest_at: datetime | None = None
