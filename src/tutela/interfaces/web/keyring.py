"""API keys as the server sees them: verified against the database, remembered for a second."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from tutela.storage.access.keys import ApiKey

SECONDS = 1.0
"""Time after which a revoked or expired key stops working at the latest."""
REMEMBERED = 10_000
"""Answers that are remembered, for known and for unknown keys alike."""


class KeyRing:
    """Tells which key a text is. Remembers digests, never secrets. For one event loop.

    Args:
        verify: asks the database; blocks.
        seconds: how long an answer counts.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        verify: Callable[[str], ApiKey | None],
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verify = verify
        self._seconds = seconds
        self._clock = clock
        self._answers: OrderedDict[bytes, tuple[float, ApiKey | None]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[ApiKey | None]] = {}

    async def find(self, secret: str) -> ApiKey | None:
        """The key that a text is, or None where it is none, expired or revoked.

        Raises:
            Unavailable: the database cannot be asked.
        """
        digest = _digest(secret)
        until, key = self._answers.get(digest, (0.0, None))
        if self._clock() < until:
            return key
        # However many requests wait for the same key, the database is asked once.
        task = self._asking.get(digest)
        if task is None:
            task = asyncio.create_task(self._ask(digest, secret))
            task.add_done_callback(_looked_at)
            self._asking[digest] = task
        return await asyncio.shield(task)

    async def _ask(self, digest: bytes, secret: str) -> ApiKey | None:
        try:
            asked_at = self._clock()
            key = await asyncio.to_thread(self._verify, secret)
            self._answers.pop(digest, None)
            self._answers[digest] = (asked_at + self._seconds, key)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
            return key
        finally:
            del self._asking[digest]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _looked_at(task: asyncio.Task[ApiKey | None]) -> None:
    """Read the error of a task whose askers have all gone, lest asyncio complains of it."""
    if not task.cancelled():
        task.exception()
