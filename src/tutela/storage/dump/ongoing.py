"""A database within one transaction that has not come to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from tutela.storage.database import Database, typed_errors


class Ongoing(Database):
    """What is read and written here is one transaction, which its owner ends or gives up.

    So everything that works on a database can work on one that nobody sees yet. Not thread-safe.

    Args:
        connection: with a transaction that writes.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.engine)
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The transaction, with what it has written so far."""
        with typed_errors():
            yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A part of the transaction, taken back alone where the block raises."""
        with typed_errors(), self._connection.begin_nested():
            yield self._connection

    def close(self) -> None:
        """Leave the connection to its owner."""
