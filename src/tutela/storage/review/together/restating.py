"""What a case is about, made anew of the events that stand in it: after some came or went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select, update

from tutela.model import ActionKind, CaseState, Severity
from tutela.storage.journal_rows import About
from tutela.storage.review.queueing import placed, queued, queues_of
from tutela.storage.review.score import GRAVITY, score_of
from tutela.storage.review.together.likeness import Likeness, forget
from tutela.storage.tables import cases, decisions, events


class _Reason(msgspec.Struct):
    """Of a stored reason, what a case is about; the rest of it is left unread."""

    principles: tuple[int, ...] = ()
    severity: Severity = Severity.MEDIUM
    imminent: bool = False


class _Decision(msgspec.Struct):
    reasons: tuple[_Reason, ...] = ()
    actions: tuple[ActionKind, ...] = ()


class _Outcome(msgspec.Struct):
    decision: _Decision


_OUTCOME = msgspec.json.Decoder(_Outcome)
_ABOUT = msgspec.json.Decoder(About)


def stands_in(root: int) -> Any:  # noqa: ANN401 - a condition
    """What holds of a case and of those that stand in it."""
    return or_(cases.c.event_seq == root, cases.c.root == root)


def restate(connection: Connection, root: int, present: datetime) -> None:
    """Write of a case that stands for itself what its events are about, and place it.

    It is found by what it holds from then on, and has another revision.
    """
    rows = connection.execute(
        select(decisions.c.outcome, events.c.about)
        .join_from(cases, events, events.c.seq == cases.c.event_seq)
        .join(decisions, decisions.c.event_seq == cases.c.event_seq)
        .where(stands_in(root))
    ).all()
    found = [_OUTCOME.decode(row.outcome).decision for row in rows]
    reach = sum(1 + len(_ABOUT.decode(row.about or "{}").receivers) for row in rows)
    values = _about(found, reach) | {"events": len(rows), "root": None, "gathered_at": present}
    own = select(cases).where(cases.c.event_seq == root)
    before = dict(connection.execute(own).mappings().one())
    values |= placed(queues_of(connection), queued({**before, **values}))
    values |= {"state": CaseState.OPEN.value, "revision": before["revision"] + 1}
    connection.execute(update(cases).where(cases.c.event_seq == root).values(**values))
    forget(connection, [root])
    Likeness(connection, root).remember(connection)


def _about(found: Sequence[_Decision], reach: int) -> dict[str, Any]:
    reasons = [reason for one in found for reason in one.reasons]
    severity = max((one.severity for one in reasons), key=GRAVITY.index, default=Severity.MEDIUM)
    imminent = any(one.imminent for one in reasons)
    principles = sorted({number for one in reasons for number in one.principles})
    score = score_of(imminent=imminent, reach=reach, severity=severity)
    return {
        "severity": severity.value,
        "imminent": imminent,
        "principles": msgspec.json.encode(principles).decode(),
        "second_look": any(ActionKind.SECOND_LOOK in one.actions for one in found),
        "reach": reach,
        "score": score,
        "rank": -score,
    }
