"""The floor: the weakest protection that anybody may choose, as an administrator says."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select

from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.model.review.protection import Floor, check_size
from tutela.storage.audit.change import differences, tell
from tutela.storage.database import Database
from tutela.storage.review.tables import protection_floor
from tutela.storage.values import now

_ONLY = 1


class ProtectionFloor:
    """The floor in a database; where none was set, it is that of `Floor`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> Floor:
        """The floor in force."""
        with self._database.read() as connection:
            return _read(connection)

    def set(self, floor: Floor, *, by: str = PROGRAM) -> Floor:
        """Set another floor; it counts at once, whatever people had chosen.

        Raises:
            InvalidInput: pictures are not made in this size.
        """
        check_size(floor.size)
        with self._database.write() as connection:
            before = _read(connection)
            changed = differences(msgspec.to_builtins(before), msgspec.to_builtins(floor))
            connection.execute(delete(protection_floor))
            text = msgspec.json.encode(floor).decode()
            row = {"id": _ONLY, "floor": text, "at": now(), "by": by}
            connection.execute(insert(protection_floor), row)
            if changed:
                tell(connection, AuditKind.PROTECTION, by, "floor", "floor set", changed)
        return floor


def _read(connection: Connection) -> Floor:
    stored = connection.scalar(select(protection_floor.c.floor))
    return msgspec.json.decode(stored, type=Floor) if stored else Floor()
