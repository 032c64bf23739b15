"""Calibrations that were made from what people decided, by the model that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, insert, select

from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.record import Record
from tutela.storage.audit.change import tell
from tutela.storage.conversation.account_tables import conversation_calibrations
from tutela.storage.database import Database
from tutela.storage.values import now

Curve = tuple[tuple[float, float], ...]
"""Pairs of value, from 0 to 10, and probability; both rise."""


class StoredCalibration(Record, frozen=True, kw_only=True):
    """A calibration.

    Attributes:
        id: its number; it names the version.
        model: name and version of what rated.
        method: how it was fitted.
        cases, confirmed: how many cases it rests on, and in how many people were needed.
    """

    id: int
    model: str
    at: datetime
    by: str
    method: str
    cases: int
    confirmed: int
    curve: Curve


class Calibrations:
    """The calibrations in a database; the latest of a model counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        model: str,
        method: str,
        curve: Curve,
        *,
        cases: int,
        confirmed: int,
        by: str = PROGRAM,
    ) -> StoredCalibration:
        """Keep one; it counts from now on."""
        values = {
            "model": model,
            "at": now(),
            "by": by,
            "method": method,
            "cases": cases,
            "confirmed": confirmed,
            "curve": msgspec.json.encode(curve).decode(),
        }
        table = conversation_calibrations
        with self._database.write() as connection:
            added = insert(table).values(**values).returning(table)
            stored = _stored(connection.execute(added).mappings().one())
            facts: dict[str, Fact] = {
                "method": method,
                "cases": cases,
                "confirmed": confirmed,
                "model": model,
            }
            subject = f"calibration:{stored.id}"
            tell(connection, AuditKind.CONVERSATION, by, subject, "calibrated", facts)
        return stored

    def latest(self, model: str) -> StoredCalibration | None:
        """The one that counts for a model; None where there is none."""
        found = self.list(model, limit=1)
        return found[0] if found else None

    def list(self, model: str, limit: int = 20) -> Sequence[StoredCalibration]:
        """Those of a model, the latest first."""
        table = conversation_calibrations
        own = select(table).where(table.c.model == model).order_by(table.c.id.desc())
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(own.limit(limit)).mappings()]


def _stored(row: RowMapping) -> StoredCalibration:
    return StoredCalibration(**{**row, "curve": msgspec.json.decode(row["curve"], type=Curve)})
