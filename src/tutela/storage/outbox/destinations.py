"""Destinations as they are stored. No secret is: each follows from the key file and a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from tutela.errors import Conflict, NotFound
from tutela.model import ActionKind, DeliveryState, Destination
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.storage.audit.change import differences, tell
from tutela.storage.database import Database
from tutela.storage.tables import deliveries, destinations
from tutela.storage.values import now

DELETED = "the destination was deleted"
"""Problem of the deliveries that were open when it was."""

_OPEN = (DeliveryState.WAITING.value, DeliveryState.SENT.value)


class Destinations:
    """The destinations in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        url: str,
        *,
        actions: Sequence[ActionKind],
        confirm_seconds: int = 300,
        private: bool = False,
        by: str = PROGRAM,
    ) -> Destination:
        """Make a destination; one that had this name before and was deleted gives up nothing.

        Args:
            name: its name in rules and lists.
            url: where messages are posted to; not checked here.
            actions: which actions it takes.
            confirm_seconds: see `Destination`.
            private: see `Destination`.
            by: who makes it.

        Raises:
            Conflict: the name is taken.
        """
        values: dict[str, Any] = {
            "url": url,
            "actions": msgspec.json.encode(actions).decode(),
            "confirm_seconds": confirm_seconds,
            "private": private,
            "enabled": True,
            "created_at": now(),
            "deleted_at": None,
        }
        with self._database.write() as connection:
            earlier = _locked(connection, name)
            if earlier is None:
                connection.execute(insert(destinations).values(name=name, generation=1, **values))
            elif earlier["deleted_at"] is None:
                raise Conflict(
                    "there is a destination of this name already",
                    where="name",
                    remedy="choose another name, or change that one",
                )
            else:
                # Whoever knew the secret of the deleted one must not know that of this one.
                _update(connection, name, values | {"generation": earlier["generation"] + 1})
            made = _one(connection, name)
            _tell(connection, name, by, "made", _facts(made))
            return made

    def get(self, name: str) -> Destination:
        """One destination; raises `NotFound`."""
        with self._database.read() as connection:
            return _one(connection, name)

    def list(self) -> Sequence[Destination]:
        """Every destination, by name."""
        statement = select(destinations).where(destinations.c.deleted_at.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(destinations.c.name)).mappings()
            return [destination_of(row) for row in rows]

    def change(
        self,
        name: str,
        *,
        url: str | None = None,
        actions: Sequence[ActionKind] | None = None,
        confirm_seconds: int | None = None,
        private: bool | None = None,
        enabled: bool | None = None,
        by: str = PROGRAM,
    ) -> Destination:
        """Change what is given; None leaves a thing as it is. Raises `NotFound`.

        What waits is sent as the destination is then: to the new address, or not while it is
        switched off. When something has to be confirmed is not changed for what is there already.
        """
        values = {
            "url": url,
            "actions": None if actions is None else msgspec.json.encode(actions).decode(),
            "confirm_seconds": confirm_seconds,
            "private": private,
            "enabled": enabled,
        }
        given = {key: value for key, value in values.items() if value is not None}
        with self._database.write() as connection:
            before = _one(connection, name)
            if given:
                _update(connection, name, given)
            after = _one(connection, name)
            facts = differences(_facts(before), _facts(after))
            if after.url != before.url:
                facts["url_changed"] = True
            if facts:
                _tell(connection, name, by, "changed", facts)
            return after

    def rotate(self, name: str, overlap: timedelta, *, by: str = PROGRAM) -> Destination:
        """Give a destination another secret; raises `NotFound`.

        Args:
            name: the destination.
            overlap: how long messages are signed with the secret before this one, too.
            by: who asks for it.
        """
        with self._database.write() as connection:
            present = _locked(connection, name)
            if present is None or present["deleted_at"] is not None:
                raise _unknown()
            until = now() + overlap if overlap > timedelta() else None
            generation = present["generation"] + 1
            _update(connection, name, {"generation": generation, "overlap_until": until})
            rotated = _one(connection, name)
            old_until = None if until is None else until.isoformat()
            facts = {"generation": generation, "old_until": old_until}
            _tell(connection, name, by, "new secret", facts)
            return rotated

    def delete(self, name: str, *, by: str = PROGRAM) -> None:
        """Delete a destination; what it has not confirmed has failed. Raises `NotFound`.

        Its row stays without its address, for deliveries to refer to.
        """
        with self._database.write() as connection:
            _one(connection, name)
            values = {"url": "", "enabled": False, "overlap_until": None, "deleted_at": now()}
            _update(connection, name, values)
            failed = connection.execute(
                update(deliveries)
                .where(deliveries.c.destination == name, deliveries.c.state.in_(_OPEN))
                .where(deliveries.c.next_at.is_not(None))
                .values(
                    state=DeliveryState.FAILED.value,
                    next_at=None,
                    holder=None,
                    held_until=None,
                    ended_at=now(),
                    problem=DELETED,
                )
            ).rowcount
            _tell(connection, name, by, "deleted", {"failed": failed})


def _locked(connection: Connection, name: str) -> RowMapping | None:
    """A destination's row, deleted or not, for nobody else to change meanwhile."""
    statement = select(destinations).where(destinations.c.name == name).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def _update(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(destinations).where(destinations.c.name == name).values(values))


def _one(connection: Connection, name: str) -> Destination:
    statement = select(destinations).where(
        destinations.c.name == name, destinations.c.deleted_at.is_(None)
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return destination_of(row)


def _facts(one: Destination) -> dict[str, Fact]:
    """What the audit log says of a destination: nothing of its address, which may hold a token."""
    return {
        "actions": ",".join(kind.value for kind in one.actions),
        "confirm_seconds": one.confirm_seconds,
        "private": one.private,
        "enabled": one.enabled,
    }


def _tell(connection: Connection, name: str, by: str, did: str, facts: Mapping[str, Fact]) -> None:
    tell(connection, AuditKind.DESTINATION, by, f"destination:{name}", did, facts)


def _unknown() -> NotFound:
    return NotFound(
        "there is no destination of this name",
        where="destination",
        remedy="see which there are: tutela destinations list",
    )


def destination_of(row: RowMapping) -> Destination:
    """A destination from its row."""
    return Destination(
        name=row["name"],
        url=row["url"],
        actions=msgspec.json.decode(row["actions"], type=tuple[ActionKind, ...]),
        confirm_seconds=row["confirm_seconds"],
        private=row["private"],
        enabled=row["enabled"],
        generation=row["generation"],
        overlap_until=row["overlap_until"],
    )
