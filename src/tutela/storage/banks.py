"""Banks: the lists, as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import Bank
from tutela.model.bank import ALLOW_DISTANCE, DISTANCE, BankName, Distance
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.storage.audit.change import differences, tell
from tutela.storage.changes import bump_version, erase
from tutela.storage.database import Database
from tutela.storage.tables import banks, entries
from tutela.storage.values import now

ERASE_CHUNK = 1_000


class Banks:
    """The banks in a database. Every change bumps the list version once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(  # noqa: PLR0913 - all that a bank has
        self,
        name: str,
        *,
        source: str = "",
        trusted: bool = False,
        allow: bool = False,
        enabled: bool = True,
        distance: int | None = None,
        drill: bool = False,
        exchange: str | None = None,
        by: str = PROGRAM,
    ) -> Bank:
        """Store a new, empty bank. Whether it is an allow bank can never be changed.

        Args:
            by: who makes it.
            distance: `DISTANCE` where it is None, or `ALLOW_DISTANCE` for an allow bank.

        Raises:
            InvalidInput: the name or the distance is not one that a bank can have, or an allow
                bank is to be trusted.
            Conflict: another bank has this name.
        """
        _check(name, distance)
        _check_trust(trusted=trusted, allow=allow)
        if distance is None:
            distance = ALLOW_DISTANCE if allow else DISTANCE
        with _no_twin(), self._database.write() as connection:
            result = connection.execute(
                insert(banks).returning(banks),
                {
                    "name": name,
                    "source": source,
                    "trusted": trusted,
                    "allow": allow,
                    "enabled": enabled,
                    "distance": distance,
                    "drill": drill,
                    "exchange": exchange,
                    "version": bump_version(connection),
                    "entries": 0,
                    "created_at": now(),
                },
            )
            bank = Bank(**result.mappings().one())
            facts = {"bank": bank.name, "allow": bank.allow, "drill": bank.drill, **_tuned(bank)}
            tell(connection, AuditKind.BANK, by, f"bank:{bank.id}", "made", facts)
            return bank

    def list(self) -> Sequence[Bank]:
        """Every bank, by name."""
        with self._database.read() as connection:
            return live_banks(connection)

    def get(self, name: str) -> Bank:
        """One bank; raises `NotFound`."""
        with self._database.read() as connection:
            return bank_named(connection, name)

    def change(
        self,
        name: str,
        *,
        new_name: str | None = None,
        enabled: bool | None = None,
        distance: int | None = None,
        trusted: bool | None = None,
        source: str | None = None,
        by: str = PROGRAM,
    ) -> Bank:
        """Change what is given and leave the rest.

        Args:
            name: of the bank.
            new_name, enabled, distance, trusted, source: see `Bank`.
            by: who changes it.

        Raises:
            NotFound: no bank has this name.
            InvalidInput: the new name or distance is not one that a bank can have, or an allow
                bank is to be trusted.
            Conflict: another bank has the new name.
        """
        _check(new_name, distance)
        given = {
            "name": new_name,
            "enabled": enabled,
            "distance": distance,
            "trusted": trusted,
            "source": source,
        }
        with _no_twin(), self._database.write() as connection:
            changed = {key: value for key, value in given.items() if value is not None}
            before, after = _update(connection, name, changed)
            bank = Bank(**after)
            _check_trust(trusted=bank.trusted, allow=bank.allow)
            if facts := _changes(before, bank):
                tell(connection, AuditKind.BANK, by, f"bank:{bank.id}", "changed", facts)
            return bank

    def delete(self, name: str, *, by: str = PROGRAM) -> None:
        """Delete a bank; it stops matching at once, and its entries are erased before this returns.

        Args:
            name: of the bank.
            by: who deletes it.

        Raises:
            NotFound: no bank has this name.
        """
        gone = {"name": None, "source": "", "enabled": False, "entries": 0}
        with self._database.write() as connection:
            bank, _ = _update(connection, name, gone)
            facts: dict[str, Fact] = {"bank": name, "entries": bank.entries}
            tell(connection, AuditKind.BANK, by, f"bank:{bank.id}", "deleted", facts)
        self._erase(bank.id)

    def tidy(self) -> None:
        """Erase what a stopped process left of the entries of deleted banks."""
        left = select(entries.c.id).where(
            entries.c.bank_id == banks.c.id, entries.c.state != "deleted"
        )
        with self._database.read() as connection:
            deleted = connection.scalars(
                select(banks.c.id).where(banks.c.name.is_(None), left.exists())
            ).all()
        for bank_id in deleted:
            self._erase(bank_id)

    def _erase(self, bank_id: int) -> None:
        """In short transactions, so that events are written in between."""
        last: int | None = 0
        while last is not None:
            with self._database.write() as connection:
                last = _erase_some(connection, bank_id, last)


def live_banks(connection: Connection) -> list[Bank]:
    """Every bank that is not deleted, by name."""
    statement = select(banks).where(banks.c.name.is_not(None)).order_by(banks.c.name)
    return [Bank(**row) for row in connection.execute(statement).mappings()]


def bank_named(connection: Connection, name: str) -> Bank:
    """One bank; raises `NotFound`."""
    result = connection.execute(select(banks).where(banks.c.name == name))
    row = result.mappings().one_or_none()
    if row is None:
        raise _no_bank()
    return Bank(**row)


def _update(
    connection: Connection, name: str, values: Mapping[str, Any]
) -> tuple[Bank, RowMapping]:
    """Change a bank; what it was, and its row as it is then. Raises `NotFound`."""
    version = bump_version(connection)
    before = bank_named(connection, name)
    statement = update(banks).where(banks.c.id == before.id).returning(banks)
    result = connection.execute(statement.values(version=version, **values))
    return before, result.mappings().one()


def _tuned(bank: Bank) -> dict[str, Fact]:
    return {"distance": bank.distance, "enabled": bank.enabled, "trusted": bank.trusted}


def _changes(before: Bank, after: Bank) -> dict[str, Fact]:
    """What the audit log says of a change: nothing of what a bank's source is said to be."""
    found = differences(
        {"bank": before.name, **_tuned(before)}, {"bank": after.name, **_tuned(after)}
    )
    if before.source != after.source:
        found["source_changed"] = True
    return found and {"bank": after.name, **found}


def _erase_some(connection: Connection, bank_id: int, after: int) -> int | None:
    """Erase a chunk of a bank's entries; returns the last id, or None if there was none."""
    statement = (
        select(entries.c.id)
        .where(entries.c.bank_id == bank_id, entries.c.id > after, entries.c.state != "deleted")
        .order_by(entries.c.id)
        .limit(ERASE_CHUNK)
    )
    ids = connection.scalars(statement).all()
    if not ids:
        return None
    erase(connection, ids, bump_version(connection))
    return int(ids[-1])


def _check(name: str | None, distance: int | None) -> None:
    try:
        msgspec.convert(name, BankName | None)
    except msgspec.ValidationError:
        raise InvalidInput(
            "this cannot be the name of a bank",
            where="name",
            remedy="use up to 64 letters, digits, '_', '.' and '-', beginning with no '.' or '-'",
        ) from None
    try:
        msgspec.convert(distance, Distance | None)
    except msgspec.ValidationError:
        raise InvalidInput("a bank's distance is 0 to 31 bits", where="distance") from None


def _check_trust(*, trusted: bool, allow: bool) -> None:
    if trusted and allow:
        raise InvalidInput(
            "an allow bank is never trusted: its entries do not match",
            where="trusted",
            remedy="make another bank for what may block",
        )


@contextmanager
def _no_twin() -> Iterator[None]:
    try:
        yield
    except Conflict:
        raise Conflict(
            "another bank has this name", where="name", remedy="choose another name"
        ) from None


def _no_bank() -> NotFound:
    return NotFound("no bank has this name", where="bank", remedy="list the banks")
