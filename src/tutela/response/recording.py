"""Stores what came of events: each with its case and its evidence in one durable step."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tutela.model import ActionKind, Outcome, Verdict
from tutela.response.conclusion import Conclusion
from tutela.storage.journal import Journal


def wants_evidence(conclusion: Conclusion) -> bool:
    """Whether anything of an event is to be preserved. Of clear content nothing ever is."""
    return (
        ActionKind.PRESERVE in conclusion.outcome.decision.actions
        and conclusion.outcome.verdict is not Verdict.CLEAR
    )


class Preserving(Protocol):
    """What the pipeline asks of custody."""

    def keep(self, source: int | bytes | None, conclusion: Conclusion) -> Conclusion:
        """The conclusion with its items of evidence, whose bytes lie durable in the vault.

        Never fails: what the vault cannot take is owed, with why.

        Args:
            source: the bytes, or a readable file descriptor of them; None where none were handed
                in.
            conclusion: what came of the event.
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

    async def record(self, source: int | bytes | None, conclusion: Conclusion) -> Outcome:
        """Store a conclusion; it is durable when this returns.

        What the vault takes in is durable there first, and known with the case or not at all.

        Raises:
            Conflict: the event id is known with another digest.
            Unavailable: the database can take no more now; nothing was accepted.
        """
        if self._preserving is None or not wants_evidence(conclusion):
            return await asyncio.wrap_future(self._journal.record(*conclusion))
        kept = await asyncio.to_thread(self._preserving.keep, source, conclusion)
        try:
            return await asyncio.wrap_future(self._journal.record(*kept))
        finally:
            await asyncio.to_thread(self._preserving.settle, kept)
