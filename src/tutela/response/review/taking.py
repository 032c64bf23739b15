"""Which case somebody gets next: what waits first, without what the person never gets.

After severe cases in a row a lighter one comes, where one waits. Imminent danger comes before all.
"""

from __future__ import annotations

from tutela.model.custody.leaf import PROGRAM
from tutela.storage.review.claims import Claim, Claims
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.protecting.recusals import Recusals


class Taking:
    """Hands out cases.

    Args:
        claims: who is at which case.
        exposures: what people saw.
        recusals: queues that people never get.
    """

    def __init__(self, claims: Claims, exposures: Exposures, recusals: Recusals) -> None:
        self._claims = claims
        self._exposures = exposures
        self._recusals = recusals

    def next(
        self,
        account_id: str,
        *,
        queue: str | None = None,
        settle: bool = False,
        lighter: bool = False,
        by: str = PROGRAM,
    ) -> Claim | None:
        """Claim the case that comes first for a person; None where none is waiting.

        Args:
            account_id: who asks.
            queue: from which queue; None from all that the person gets. Who names a queue gets it.
            settle: whether the person may settle what others disagree about.
            lighter: whether the person asks for a lighter one; it comes by itself as well.
            by: who asks, for the record.

        Raises:
            TooManyClaims: the person holds as many as anybody may.
        """
        return self._claims.next(
            account_id,
            queue=queue,
            settle=settle,
            lighter=lighter or self._exposures.lighter_next(account_id),
            never=() if queue is not None else self._recusals.of(account_id),
            by=by,
        )
