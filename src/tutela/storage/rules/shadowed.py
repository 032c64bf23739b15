"""What a policy in shadow made of one event, and how that is written with the event."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tutela.model import Decision
from tutela.model.record import Record
from tutela.storage.rules.differences import Difference

COLUMNS = ("event_seq", "policy_version", "live_version", "difference", "decision")
"""Columns of the table `shadows`."""


class ShadowEnd(StrEnum):
    """How a policy in shadow ended with an event."""

    DECIDED = "decided"
    """It decided."""
    FAILED = "failed"
    """It could not: an error, that touched nothing else."""
    SKIPPED = "skipped"
    """It was not asked, because it had been too slow before."""


DIFFERED = "differed"
"""Name, beside those of `ShadowEnd`, of the counter of what was decided otherwise."""


class Shadowed(Record, frozen=True, kw_only=True):
    """What a policy in shadow made of an event.

    Attributes:
        version: the policy's version.
        otherwise: its decision, where that does something else than the live one; else None.
        end: whether it has decided at all.
    """

    version: str
    otherwise: Decision | None = None
    end: ShadowEnd = ShadowEnd.DECIDED


def shadow_row(live: Decision, shadow: Shadowed | None) -> tuple[str, ...] | None:
    """The row of what was decided otherwise, without the event's number; None where it was not."""
    if shadow is None or shadow.otherwise is None:
        return None
    difference = Difference.of(live, shadow.otherwise)
    return (
        shadow.version,
        live.policy_version,
        msgspec.json.encode(difference).decode(),
        msgspec.json.encode(shadow.otherwise).decode(),
    )


def shadow_tally(live: Decision, shadow: Shadowed | None) -> Iterator[str]:
    """The counters that grow."""
    if shadow is not None:
        yield tally_name(shadow.end, shadow.version, live.policy_version)
        if shadow.otherwise is not None:
            yield tally_name(DIFFERED, shadow.version, live.policy_version)


def tally_name(end: str, version: str, live: str) -> str:
    """Name of the counter of events that a policy in shadow ended with in some way."""
    return f"shadow_{end} {version} {live}"
