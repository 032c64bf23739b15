"""Looks for events that did not come to an end. There must be none."""

from __future__ import annotations

from tutela.model.record import Record
from tutela.storage.database import Database


class Reconciliation(Record, frozen=True, kw_only=True):
    """How many stored things contradict each other; all zero in a sound database.

    Attributes:
        undecided: events without a decision.
        caseless: decisions that open a case, without that case.
        actionless: decisions without any action.
        matchless: decisions with verdict `match`, without a match.
    """

    undecided: int = 0
    caseless: int = 0
    actionless: int = 0
    matchless: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not (self.undecided or self.caseless or self.actionless or self.matchless)


def reconcile(database: Database, *, latest: int | None = None) -> Reconciliation:
    """Compare events with decisions, cases, actions and matches.

    Args:
        database: where to look.
        latest: look at so many of the latest events only, or at all where None.
    """
    raise NotImplementedError
