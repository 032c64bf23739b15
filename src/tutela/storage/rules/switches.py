"""What was in force when: a row for each change, and the latest counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, insert, select, text

from tutela.errors import Conflict, InvalidInput
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.record import Record
from tutela.storage.audit.change import differences, tell
from tutela.storage.database import Database
from tutela.storage.rules.policies import POLICY, keep_policy
from tutela.storage.tables import policy_switches
from tutela.storage.values import now

LONGEST_NOTE = 2000
"""Characters of a note."""


class SwitchSource(StrEnum):
    """Where a change of what is in force came from."""

    SHIPPED = "shipped"
    """The policy that comes with the program, where the setting `policy.file` is empty."""
    FILE = "file"
    """The file that the setting `policy.file` names."""
    PERSON = "person"
    """Somebody asked for it."""


class Version(Record, frozen=True, kw_only=True):
    """A policy version with its text, to be kept and put in force."""

    version: str
    text: str


class PolicySwitch(Record, frozen=True, kw_only=True):
    """A change of what is in force.

    Attributes:
        id: counts up.
        at: when.
        by: who; empty for the program itself.
        source: where it came from.
        live: the version that decides from then on.
        shadow: the version that decides beside it without effect, if any.
        note: why, in somebody's words.
    """

    id: int
    at: datetime
    by: str = ""
    source: SwitchSource
    live: str
    shadow: str | None = None
    note: str = ""


class Switches:
    """The changes of what is in force, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self) -> PolicySwitch | None:
        """What is in force; None in a database that no server was started on. Cheap."""
        with self._database.read() as connection:
            return _latest(connection)

    def history(self, *, before: int | None = None, limit: int = 50) -> Sequence[PolicySwitch]:
        """Up to `limit` changes, latest first; `before` is the number of the last of a page."""
        statement = _ordered().limit(limit)
        if before is not None:
            statement = statement.where(policy_switches.c.id < before)
        with self._database.read() as connection:
            return [_switch(row) for row in connection.execute(statement)]

    def live_before(self) -> PolicySwitch | None:
        """The latest change to another version than the one that is live; None if there is none."""
        with self._database.read() as connection:
            latest = _latest(connection)
            if latest is None:
                return None
            other = _ordered().where(policy_switches.c.live != latest.live).limit(1)
            row = connection.execute(other).first()
        return None if row is None else _switch(row)

    def configured(self, version: Version, source: SwitchSource) -> PolicySwitch:
        """Bring in the policy that the settings name, as a server does when it starts.

        It becomes live if it differs from what the settings named when a server last started. So
        editing the file counts, and what a person has put in force stays until then. An upgrade
        of the shipped policy counts only while the shipped one is live.

        Returns:
            What is in force afterwards. Several that start at once make one change.

        Raises:
            Conflict: the version is kept with another text.
        """
        with self._database.write() as connection:
            latest = _locked(connection)
            kept = _keep(connection, version, "")
            named = _first(connection, _ordered().where(policy_switches.c.source != "person"))
            if latest is not None and not _counts(version.version, source, latest, named):
                return _left(connection, latest, "", kept)
            new = _New(live=version.version, shadow=_shadow(latest, version.version), source=source)
            return _insert(connection, latest, new, kept)

    def activate(
        self, version: Version, *, by: str, note: str = "", after: int | None = None
    ) -> PolicySwitch:
        """Put a version in force. A shadow goes on, unless it is this very version.

        Args:
            version: what decides from now on; kept where it is not yet.
            by: who asks.
            note: why.
            after: the change that the caller believes to be the latest; None for any.

        Returns:
            What is in force afterwards; where it was already, nothing is changed.

        Raises:
            Conflict: the version is kept with another text, or somebody else came first.
            InvalidInput: the note is too long.
        """
        with self._database.write() as connection:
            latest = _locked(connection)
            _unchanged(latest, after)
            kept = _keep(connection, version, by)
            if latest is not None and latest.live == version.version:
                return _left(connection, latest, by, kept)
            shadow = _shadow(latest, version.version)
            new = _New(live=version.version, shadow=shadow, by=by, note=note)
            return _insert(connection, latest, new, kept)

    def cast(self, version: Version | None, *, by: str, note: str = "") -> PolicySwitch:
        """Let a version decide in the shadow of the live one, or none; raises as `activate`.

        Raises:
            InvalidInput: nothing is in force yet, or this very version is.
        """
        with self._database.write() as connection:
            latest = _locked(connection)
            if latest is None:
                raise InvalidInput("no policy is in force yet", remedy="start the server first")
            name = None if version is None else version.version
            if name == latest.live:
                raise InvalidInput(
                    "this version is in force itself", remedy="put another one in its shadow"
                )
            kept = None if version is None else _keep(connection, version, by)
            if name == latest.shadow:
                return _left(connection, latest, by, kept)
            new = _New(live=latest.live, shadow=name, by=by, note=note)
            return _insert(connection, latest, new, kept)


def _counts(
    version: str, source: SwitchSource, latest: PolicySwitch, named: PolicySwitch | None
) -> bool:
    """Whether what the settings name becomes live; `named` is what they named last."""
    if named is None:
        return True
    if version == named.live:
        return False
    upgrade = source is SwitchSource.SHIPPED and named.source is source
    return not upgrade or latest.live == named.live


class _New(NamedTuple):
    """A change to be made; see `PolicySwitch`."""

    live: str
    shadow: str | None
    source: SwitchSource = SwitchSource.PERSON
    by: str = ""
    note: str = ""


def _keep(connection: Connection, version: Version, by: str) -> str | None:
    """Keep a version; its name if it was new here. Raises `Conflict`."""
    new = keep_policy(connection, version.version, version.text, by)
    return version.version if new else None


def _shadow(latest: PolicySwitch | None, live: str) -> str | None:
    """The present shadow goes on, unless it becomes live."""
    return latest.shadow if latest is not None and latest.shadow != live else None


def _insert(
    connection: Connection, latest: PolicySwitch | None, new: _New, kept: str | None
) -> PolicySwitch:
    """Write a change, and tell the audit log of it, and of a version that was kept for it."""
    if len(new.note) > LONGEST_NOTE:
        raise InvalidInput(f"a note may have {LONGEST_NOTE:,} characters", where="note")
    row = {**new._asdict(), "at": now(), "source": new.source.value}
    written = insert(policy_switches).returning(policy_switches)
    switch = _switch(connection.execute(written, row).one())
    before = {} if latest is None else {"live": latest.live, "shadow": latest.shadow}
    facts = differences(before, {"live": switch.live, "shadow": switch.shadow})
    facts["source"] = switch.source.value
    if kept is not None:
        facts["kept"] = kept
    tell(connection, AuditKind.POLICY, new.by or PROGRAM, POLICY, "switched", facts)
    return switch


def _left(connection: Connection, latest: PolicySwitch, by: str, kept: str | None) -> PolicySwitch:
    """Leave what is in force as it is, and tell of a version that was kept nevertheless."""
    if kept is not None:
        facts: dict[str, Fact] = {"kept": kept}
        tell(connection, AuditKind.POLICY, by or PROGRAM, POLICY, "kept", facts)
    return latest


def _unchanged(latest: PolicySwitch | None, after: int | None) -> None:
    if after is not None and (latest is None or latest.id != after):
        raise Conflict(
            "somebody else has changed what is in force meanwhile",
            where="policy",
            remedy="look at the history, then ask again",
        )


def _locked(connection: Connection) -> PolicySwitch | None:
    """The latest change; nobody else adds one before this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE policy_switches IN SHARE ROW EXCLUSIVE MODE"))
    return _latest(connection)


def _latest(connection: Connection) -> PolicySwitch | None:
    return _first(connection, _ordered())


def _first(connection: Connection, statement: Select[tuple[object, ...]]) -> PolicySwitch | None:
    row = connection.execute(statement.limit(1)).first()
    return None if row is None else _switch(row)


def _ordered() -> Select[tuple[object, ...]]:
    return select(policy_switches).order_by(policy_switches.c.id.desc())


def _switch(row: Row[tuple[object, ...]]) -> PolicySwitch:
    fields = row._asdict()
    return PolicySwitch(**{**fields, "source": SwitchSource(row.source)})
