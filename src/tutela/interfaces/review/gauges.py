"""What metrics show of the queues of cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tutela.interfaces.services import Services

STATES = ("waiting", "held", "imminent", "disputed", "overdue")


def queue_numbers(
    services: Services,
) -> tuple[Mapping[str, Mapping[str, int]], Mapping[str, float]]:
    """For each queue its cases by where they stand, and the age of its oldest. Blocks."""
    present, counts = datetime.now(UTC), services.queues.counts()
    samples = services.samples.counts()
    states = {
        one.queue: {
            **{state: getattr(one, state) for state in STATES},
            "samples": samples.get(one.queue, 0),
        }
        for one in counts
    }
    ages = {
        one.queue: max((present - one.oldest_at).total_seconds(), 0.0) if one.oldest_at else 0.0
        for one in counts
    }
    return states, ages
