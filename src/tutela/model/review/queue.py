"""Queues: which cases wait where, how they are read, and what is promised of them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tutela.model.record import Record
from tutela.model.response.decision import Severity

QueueName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$(?!\n)")]

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

    principles: tuple[Annotated[int, msgspec.Meta(ge=1, le=11)], ...] = ()
    severities: tuple[Severity, ...] = ()
    imminent: bool | None = None
    languages: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=35)], ...] = ()
    regions: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=16)], ...] = ()
    kinds: tuple[str, ...] = ()


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
