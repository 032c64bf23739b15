"""Why somebody may not claim, decide or undo: errors with codes, for pages to say in words."""

from __future__ import annotations

from datetime import datetime

from tutela.errors import Conflict, NotAllowed, TooMany


class AlreadyClaimed(Conflict):
    """Somebody else is at the case."""

    code = "already-claimed"


class ClaimLost(Conflict):
    """The claim has lapsed and the case went to somebody else, or it was taken back."""

    code = "claim-lost"


class CaseHasGrown(Conflict):
    """The case is not what was read: something joined or left it."""

    code = "case-has-grown"


class NothingToDecide(Conflict):
    """The case wants no reading: it is decided, or stands in another."""

    code = "nothing-to-decide"


class TooLateToUndo(Conflict):
    """A reading counts by now, or another one was built upon it."""

    code = "too-late-to-undo"


class TooManyClaims(Conflict):
    """Somebody holds as many cases as anybody may."""

    code = "too-many-claims"


class NotForYou(NotAllowed):
    """Whoever read a case, passed it or decided what it contests does not read it."""

    code = "not-for-you"


class Enough(TooMany):
    """Nothing is uncovered for a person for now; deciding, passing and handing back go on.

    Attributes:
        until: from then on things are uncovered again.
    """

    def __init__(self, what: str, *, until: datetime, seconds: float, remedy: str) -> None:
        self.until = until
        super().__init__(what, retry_after=max(seconds, 1.0), remedy=remedy)


class PauseNeeded(Enough):
    """There were many severe items without a rest."""

    code = "pause-needed"


class BudgetSpent(Enough):
    """The day holds no more."""

    code = "budget-spent"
