"""Banks: the lists, as they are stored."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model import Bank
from tutela.storage.database import Database


class Banks:
    """The banks in a database. Every change bumps the list version once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(  # noqa: PLR0913 - one argument for each property of a bank
        self,
        name: str,
        *,
        source: str = "",
        trusted: bool = False,
        enabled: bool = True,
        distance: int = 31,
        drill: bool = False,
        exchange: str | None = None,
    ) -> Bank:
        """Store a new, empty bank.

        Raises:
            InvalidInput: the name or the distance is not one that a bank can have.
            Conflict: another bank has this name.
        """
        raise NotImplementedError

    def list(self) -> Sequence[Bank]:
        """Every bank, by name."""
        raise NotImplementedError

    def get(self, name: str) -> Bank:
        """One bank; raises `NotFound`."""
        raise NotImplementedError

    def change(
        self,
        name: str,
        *,
        new_name: str | None = None,
        enabled: bool | None = None,
        distance: int | None = None,
        trusted: bool | None = None,
        source: str | None = None,
    ) -> Bank:
        """Change what is given and leave the rest.

        Raises:
            NotFound: no bank has this name.
            InvalidInput: the new name or distance is not one that a bank can have.
            Conflict: another bank has the new name.
        """
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """Delete a bank; it stops matching at once, and its entries are erased before this returns.

        Raises:
            NotFound: no bank has this name.
        """
        raise NotImplementedError
