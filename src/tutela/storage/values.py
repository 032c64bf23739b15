"""How points in time, numbers and signals are stored, the same on every database.

Points in time are whole microseconds since 1970-01-01 UTC; signals are their canonical bytes.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, MetaData
from sqlalchemy.types import TypeDecorator

from tutela.errors import InvalidInput
from tutela.model import Signal

# SQLite gives a row number only to columns of the very type INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970 of an aware datetime; raises `InvalidInput` for a naive one."""
    if instant.tzinfo is None:
        raise InvalidInput("a point in time needs a time zone", remedy="add an offset such as Z")
    return (instant - EPOCH) // MICROSECOND


def instant(microseconds: int) -> datetime:
    """The inverse of `microseconds`, in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """A column of aware datetimes: exact, ordered and the same on SQLite and PostgreSQL."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        del dialect
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        del dialect
        return None if value is None else instant(value)


def signal_bytes(signal: Signal) -> bytes:
    """The canonical bytes of a signal; its canonical text is lower-case hex, whatever its kind.

    Raises:
        InvalidInput: the text is not canonical. It is not repeated in the error.
    """
    with suppress(ValueError):
        value = bytes.fromhex(signal.value)
        if value and value.hex() == signal.value:
            return value
    raise InvalidInput(
        f"a {signal.kind} signal is not in its canonical form",
        where="signals",
        remedy="write it as lower-case hexadecimal digits",
    )
