"""Law that was in force, by version; and how often it let content be scanned, or did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela.errors import NotFound
from tutela.model import GapReason, Outcome, Ruling
from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.change import differences, leaf
from tutela.storage.audit.log import append
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database
from tutela.storage.tables import law_versions, tallies
from tutela.storage.values import now

REFUSED = "law_refused"
"""Name of the tallies of content that was not looked at: `law_refused eu storage 2026-11-22`."""
SCANNED = "law_scanned"
"""Name of the tallies of content that a pack let be scanned; as above."""
NO_PACK = "law_without_pack"
"""Name of the tallies of events of places that no pack covers: `law_without_pack 2026-11-22`."""


class LawVersion(Record, frozen=True, kw_only=True):
    """A pack as it was in force.

    Attributes:
        version: what outcomes name.
        pack: the pack's name.
        added_at: when a server first had it in force.
        text: the whole pack with all overrides, as JSON.
    """

    version: str
    pack: str
    added_at: datetime
    text: str


class LawCount(Record, frozen=True, kw_only=True):
    """Events, and messages of conversations, of one day (UTC), pack and class of surface.

    Attributes:
        pack: the pack's name; empty where none covered the place.
        surface_class: empty where no pack covered the place.
        refused: those whose content was not looked at, because the pack says no.
        scanned: those whose content was looked at.
    """

    day: date
    pack: str = ""
    surface_class: str = ""
    refused: int = 0
    scanned: int = 0


class LawVersions:
    """The packs in a database that were ever in force. Rows are added and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, packs: Iterable[tuple[str, str, str]]) -> None:
        """Keep packs that are in force now; keeping them again changes nothing.

        The audit log is told of every pack that is in force now and was not, or was in another
        version, when it was last told of that pack; several processes that start at once tell of
        it once.

        Args:
            packs: version, name and text of each.
        """
        named = {pack: (version, text) for version, pack, text in packs}
        with self._database.read() as connection:
            kept = set(connection.scalars(select(law_versions.c.version)))
            told = {pack: _told(connection, pack) for pack in named}
        moment = now()
        rows = [
            {"version": version, "pack": pack, "text": text, "added_at": moment}
            for pack, (version, text) in named.items()
            if version not in kept
        ]
        if not rows and all(told[pack] == version for pack, (version, _) in named.items()):
            return
        with self._database.write() as connection:
            if rows:
                dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
                new = dialect.insert(law_versions).values(rows)
                connection.execute(new.on_conflict_do_nothing())
            append(connection, [])  # from here on nobody else tells of a pack
            append(connection, list(_leaves(connection, named)))

    def get(self, version: str) -> LawVersion:
        """One version; raises `NotFound`."""
        with self._database.read() as connection:
            statement = select(law_versions).where(law_versions.c.version == version)
            row = connection.execute(statement).mappings().one_or_none()
        if row is None:
            remedy = "an outcome names the version in `law.version`"
            raise NotFound("no pack was in force under this version", where="law", remedy=remedy)
        return LawVersion(**row)

    def list(self, pack: str = "") -> Sequence[LawVersion]:
        """Every version, or those of one pack, latest first."""
        statement = select(law_versions).order_by(
            law_versions.c.added_at.desc(), law_versions.c.version
        )
        if pack:
            statement = statement.where(law_versions.c.pack == pack)
        with self._database.read() as connection:
            return [LawVersion(**row) for row in connection.execute(statement).mappings()]


class LawProof:
    """The counts in a database of what the law let be scanned, and what not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, since: date | None = None) -> Sequence[LawCount]:
        """Every count by day, pack and class of surface, latest day first.

        Args:
            since: leave out earlier days.
        """
        statement = (
            select(tallies.c.name, func.sum(tallies.c.value))
            .where(tallies.c.name.startswith("law_", autoescape=True))
            .group_by(tallies.c.name)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        found: dict[tuple[date, str, str], dict[str, int]] = {}
        for name, value in rows:
            what, *place, day = name.split(" ")
            pack, surface = place or ("", "")
            key = "refused" if what == REFUSED else "scanned"
            found.setdefault((date.fromisoformat(day), pack, surface), {})[key] = int(value)
        return [
            LawCount(day=day, pack=pack, surface_class=surface, **numbers)
            for (day, pack, surface), numbers in sorted(found.items(), key=_latest_first)
            if since is None or day >= since
        ]


def _told(connection: Connection, pack: str) -> str | None:
    """The version of a pack that the audit log was last told of, if it ever was."""
    statement = select(audit_leaves.c.leaf).where(audit_leaves.c.subject == _subject(pack))
    last = connection.scalar(statement.order_by(audit_leaves.c.number.desc()).limit(1))
    found = msgspec.json.decode(last, type=Leaf).data.get("version") if last else None
    return str(found) if found else None


def _leaves(connection: Connection, named: Mapping[str, tuple[str, str]]) -> Iterator[NewLeaf]:
    for pack, (version, _) in named.items():
        before = _told(connection, pack)
        if before != version:
            facts = differences({"version": before}, {"version": version})
            yield leaf(AuditKind.LAW, PROGRAM, _subject(pack), "in force", facts)


def _subject(pack: str) -> str:
    return f"law:{pack}"


def law_tally(outcome: Outcome) -> Iterator[str]:
    """The counters that an outcome adds one to. Events that carry no content count in none."""
    reasons = {gap.reason for gap in outcome.gaps}
    if GapReason.NO_CONTENT in reasons:
        return
    looked_at = GapReason.NOT_PERMITTED not in reasons
    yield counter_of(outcome.law, outcome.received_at.date(), looked_at=looked_at)


def counter_of(ruling: Ruling | None, day: date, *, looked_at: bool) -> str:
    """The counter that an event or message of a day (UTC) adds one to, under a ruling."""
    if ruling is None:
        return f"{NO_PACK} {day.isoformat()}"
    what = SCANNED if looked_at else REFUSED
    return f"{what} {ruling.pack} {ruling.surface_class.value} {day.isoformat()}"


def _latest_first(
    pair: tuple[tuple[date, str, str], dict[str, int]],
) -> tuple[int, str, str]:
    (day, pack, surface), _ = pair
    return -day.toordinal(), pack, surface
