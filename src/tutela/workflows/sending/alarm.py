"""The alarm about an action that was given up, or that is not confirmed in time."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from tutela.model import DeliveryState
from tutela.storage.outbox.work import Late


def raise_alarm(log: FilteringBoundLogger, late: Late) -> None:
    """Write it to the log; never with an address or a secret."""
    failed = late.state is DeliveryState.FAILED
    log.error(
        "an action was given up" if failed else "an action is not confirmed in time",
        action=late.action,
        id=late.id,
        destination=late.destination,
        event_id=late.event_id,
        state=late.state.value,
        attempts=late.attempts,
        problem=late.problem,
    )
