"""Texts that are shown to many, rated for solicitation; nothing of them is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from tutela.conversations.batches.sorting import LawOf
from tutela.detection.solicitation.rater import Shown, SolicitationRater
from tutela.detection.solicitation.rating import SolicitationRating
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.lists import TermLists
from tutela.model import EventKind
from tutela.model.conversation.rating import MissingEvidence, NotEnoughEvidence
from tutela.settings.conversations import ConversationSettings
from tutela.storage.law import counter_of
from tutela.storage.values import now

Tallied = Callable[[Counter[str]], object]
"""Adds to counters: how often the law let texts be looked at, and how often not."""


class TextRating:
    """Rates texts, where the law lets them be looked at. Thread-safe; blocks.

    Args:
        law: says what may be rated.
        terms: the operator's term lists.
        tallied: keeps the count of what was rated, and of what was not.
        normaliser: reads the texts, as it read the terms.
    """

    def __init__(
        self,
        law: LawOf,
        terms: TermLists,
        tallied: Tallied,
        normaliser: Normaliser | None = None,
    ) -> None:
        self._law = law
        self._terms = terms
        self._tallied = tallied
        self._normaliser = normaliser

    def rate(
        self, texts: Sequence[Shown], region: str = "", surface: str = ""
    ) -> tuple[SolicitationRating, ...]:
        """The rating of each text; where the law of the place says no, nothing is computed.

        Args:
            texts: those that are compared with one another, too.
            region: ISO 3166 code of the place whose law applies.
            surface: where on the platform they are shown.

        Raises:
            Unavailable: the database cannot count it now.
        """
        ruling = self._law(region, surface, EventKind.UPLOAD)
        permitted = ruling is None or ruling.may_scan
        counter = counter_of(ruling, now().date(), looked_at=permitted)
        self._tallied(Counter({counter: len(texts)}))
        if ruling is not None and not permitted:
            missing = NotEnoughEvidence(
                reason=MissingEvidence.NOT_PERMITTED, detail=f"pack {ruling.pack}: {ruling.reason}"
            )
            return (SolicitationRating(not_enough_evidence=missing),) * len(texts)
        return self._rater.rate(texts)

    @cached_property
    def _rater(self) -> SolicitationRater:
        """What rates; made when first asked, since many servers never are."""
        return SolicitationRater(self._terms, normaliser=self._normaliser)


def terms_of(settings: ConversationSettings, normaliser: Normaliser | None = None) -> TermLists:
    """The term lists that the settings name.

    Raises:
        BadConfiguration: with `file:line:column` of the first mistake.
    """
    if not settings.terms_folder:
        return TermLists()
    return TermLists.read(Path(settings.terms_folder), normaliser or Normaliser())
