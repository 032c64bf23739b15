"""Stores what came of events: each with its case and its evidence in one durable step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from tutela.model import ActionKind, Outcome, Verdict
from tutela.model.custody.evidence import Step, StepKind
from tutela.response.conclusion import Conclusion
from tutela.storage.journal import Journal


def wants_evidence(conclusion: Conclusion) -> bool:
    """Whether anything of an event is to be preserved. Of clear content nothing ever is."""
    return (
        ActionKind.PRESERVE in conclusion.outcome.decision.actions
        and conclusion.outcome.verdict is not Verdict.CLEAR
    )


HANDED_IN = Step(kind=StepKind.UPLOAD)
"""How content comes in of which nothing more is told."""


class Preserving(Protocol):
    """What the pipeline asks of custody."""

    def keep(self, source: int | bytes | None, conclusion: Conclusion, handed: Step) -> Conclusion:
        """The conclusion with its items of evidence, whose bytes lie durable in the vault.

        Never fails: what the vault cannot take is owed, with why.

        Args:
            source: the bytes, or a readable file descriptor of them; None where none were handed
                in.
            conclusion: what came of the event.
            handed: how the content came in.
        """
        ...

    def settle(self, conclusion: Conclusion) -> None:
        """After the conclusion was recorded: give back what was sealed and is not needed."""
        ...


class Recording:
    """Records conclusions.

    Args:
        journal: what writes them.
        preserving: takes what a decision asks to preserve into the vault; None where nothing is
            kept here.
    """

    def __init__(self, journal: Journal, preserving: Preserving | None = None) -> None:
        self._journal = journal
        self._preserving = preserving

    async def record(
        self, source: int | bytes | None, conclusion: Conclusion, handed: Step = HANDED_IN
    ) -> Outcome:
        """Store a conclusion; it is durable when this returns.

        What the vault takes in is durable there first, and known with the case or not at all.

        Raises:
            Conflict: the event id is known with another digest.
            Unavailable: the database can take no more now; nothing was accepted.
        """
        if self._preserving is None or not wants_evidence(conclusion):
            return await asyncio.wrap_future(self._journal.record(*conclusion))
        kept = await asyncio.to_thread(self._preserving.keep, source, conclusion, handed)
        try:
            return await asyncio.wrap_future(self._journal.record(*kept))
        finally:
            await asyncio.to_thread(self._preserving.settle, kept)

    def record_past(self, conclusions: Sequence[Conclusion]) -> None:
        """Store findings of the past, whose bytes nobody has handed in; durable when it returns.

        Raises:
            Unavailable: the database can take no more now; some of them may be stored.
        """
        kept = [self._kept(conclusion) for conclusion in conclusions]
        futures = [self._journal.record(*conclusion) for conclusion in kept]
        try:
            for future in futures:
                future.result()
        finally:
            if self._preserving is not None:
                for conclusion in kept:
                    self._preserving.settle(conclusion)

    def _kept(self, conclusion: Conclusion) -> Conclusion:
        if self._preserving is None or not wants_evidence(conclusion):
            return conclusion
        return self._preserving.keep(None, conclusion, HANDED_IN)
