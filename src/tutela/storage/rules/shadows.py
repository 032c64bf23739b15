"""What a policy in shadow decided otherwise than the one in force: counts, kinds and samples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, func, select

from tutela.model import PolicyReport, Sample
from tutela.model.record import Record
from tutela.storage.database import Database
from tutela.storage.rules.differences import Difference, Differences
from tutela.storage.rules.shadowed import DIFFERED, ShadowEnd, tally_name
from tutela.storage.tables import events, policy_switches, shadows, tallies

SAMPLED = 20
"""Kinds of differences that get samples, the most frequent first."""
SAMPLES = 5
"""Latest events that are named for each of them."""
ENDS = (*(end.value for end in ShadowEnd), DIFFERED)
"""What is counted."""


class Comparison(Record, frozen=True, kw_only=True):
    """How often a policy in shadow agreed with the one in force.

    Attributes:
        policy_version: the policy in shadow.
        live_versions: the policies in force that it was compared with.
        since: when it was first put in shadow; None where it never was.
        in_shadow: whether it is there now.
        decided: events that both have decided about.
        agreed: of these, how many they decided alike.
        differed: how many otherwise.
        failed: events that it could not decide about because of an error.
        skipped: events that it was not asked about because it had been too slow.
        report: what it decided otherwise: `then` is what was in force, `now` is the shadow.
    """

    policy_version: str
    live_versions: tuple[str, ...] = ()
    since: datetime | None = None
    in_shadow: bool = False
    decided: int = 0
    agreed: int = 0
    differed: int = 0
    failed: int = 0
    skipped: int = 0
    report: PolicyReport = PolicyReport()


class Shadows:
    """What policies in shadow have decided, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, version: str) -> dict[str, int]:
        """How many events a policy in shadow `decided`, `differed` at, `failed`, `skipped`; cheap.

        The names are those; each is there.
        """
        with self._database.read() as connection:
            ends = _ends(connection, version, None)
        return {end: _sum(ends, end) for end in ENDS}

    def compared(self, version: str, live: str | None = None) -> Comparison:
        """How a policy in shadow compares with those that were in force beside it.

        The counts are exact, as of one moment. A version that never was in shadow has none.

        Args:
            version: the policy in shadow.
            live: compare it with this one in force only; None for all.
        """
        with self._database.read() as connection:
            ends = _ends(connection, version, live)
            kinds = _kinds(connection, version, live)
            samples = [one for row in kinds[:SAMPLED] for one in _samples(connection, version, row)]
            since, present = _stay(connection, version)
        differences = Differences()
        for row in kinds:
            differences.add(_difference(row), row.events)
        decided, differed = _sum(ends, ShadowEnd.DECIDED), sum(row.events for row in kinds)
        return Comparison(
            policy_version=version,
            live_versions=tuple(sorted({beside for beside, _, _ in ends})),
            since=since,
            in_shadow=present,
            decided=decided,
            agreed=decided - differed,
            differed=differed,
            failed=_sum(ends, ShadowEnd.FAILED),
            skipped=_sum(ends, ShadowEnd.SKIPPED),
            report=differences.report(samples),
        )


_End = tuple[str, str, int]


def _ends(connection: Connection, version: str, live: str | None) -> Sequence[_End]:
    """For each policy in force and each way to end, the number of events."""
    found = []
    for end in ENDS:
        begin = tally_name(end, version, "")
        named = tallies.c.name.startswith(begin, autoescape=True)
        summed = select(tallies.c.name, func.sum(tallies.c.value)).where(named)
        for name, value in connection.execute(summed.group_by(tallies.c.name)):
            beside = name.removeprefix(begin)
            if live in {None, beside}:
                found.append((beside, end, int(value)))
    return found


def _sum(ends: Sequence[_End], wanted: str) -> int:
    return sum(value for _, end, value in ends if end == wanted)


def _kinds(
    connection: Connection, version: str, live: str | None
) -> Sequence[Row[tuple[str, str, int]]]:
    """Each kind of difference with its number of events, most frequent first."""
    columns = (shadows.c.live_version, shadows.c.difference)
    count = func.count().label("events")
    statement = select(*columns, count).where(shadows.c.policy_version == version)
    if live is not None:
        statement = statement.where(shadows.c.live_version == live)
    ordered = statement.group_by(*columns).order_by(count.desc(), *columns)
    return connection.execute(ordered).all()


def _samples(
    connection: Connection, version: str, kind: Row[tuple[str, str, int]]
) -> Sequence[Sample]:
    """The latest events of a kind of difference."""
    difference = _difference(kind)
    latest = (
        select(events.c.id)
        .join(shadows, shadows.c.event_seq == events.c.seq)
        .where(
            shadows.c.policy_version == version,
            shadows.c.live_version == kind.live_version,
            shadows.c.difference == kind.difference,
        )
        .order_by(shadows.c.event_seq.desc())
        .limit(SAMPLES)
    )
    return [
        Sample(event_id=event_id, then=difference.then, now=difference.now)
        for event_id in connection.scalars(latest)
    ]


def _difference(row: Row[tuple[str, str, int]]) -> Difference:
    return msgspec.json.decode(row.difference, type=Difference)


def _stay(connection: Connection, version: str) -> tuple[datetime | None, bool]:
    """When a version was first put in shadow, and whether it is there now."""
    first = select(func.min(policy_switches.c.at)).where(policy_switches.c.shadow == version)
    latest = select(policy_switches.c.shadow).order_by(policy_switches.c.id.desc()).limit(1)
    return connection.scalar(first), connection.scalar(latest) == version
