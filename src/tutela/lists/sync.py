"""Keeps the index of one process equal to the lists in the database."""

from __future__ import annotations

from tutela.detection.index.matcher import Matcher
from tutela.storage.database import Database


class IndexSync:
    """Loads every list into a matcher, then follows the changes.

    Args:
        database: where the lists are.
        matcher: what is to be kept equal to them; nothing else may change it.
        refresh_seconds: pause between two looks at the list version.
    """

    def __init__(self, database: Database, matcher: Matcher, refresh_seconds: float = 0.25) -> None:
        raise NotImplementedError

    def start(self, *, wait: bool = True) -> None:
        """Load everything, here (`wait`) or in the background, then follow in the background.

        Raises:
            Unavailable: the database cannot be read (only with `wait`).
        """
        raise NotImplementedError

    @property
    def ready(self) -> bool:
        """Whether everything has been loaded once."""
        raise NotImplementedError

    @property
    def age_seconds(self) -> float:
        """Seconds since the index was last known to equal the database; infinite before that."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Catch up now, so that the caller sees its own changes; raises `Unavailable`."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop following."""
        raise NotImplementedError
