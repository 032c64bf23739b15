"""What the server answers, as a client reads it.

These are not the records of `tutela.model`, which refuse what they do not know: a newer server may
add members and words. So unknown members are passed over here, and words that may become more
(actions, gaps) are texts. They compare equal to the words of the model:
`ActionKind.HOLD in answer.actions`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tutela.model.response.action import ActionKind
from tutela.model.verdict import Verdict

STRENGTH = (ActionKind.BLOCK, ActionKind.HOLD, ActionKind.ALLOW)
"""What an answer asks for the content, strongest first. One of them stands in each answer."""
NOT_FOR_THE_ACTOR = frozenset(
    {
        ActionKind.ALLOW,
        ActionKind.WARN_RECEIVER,
        ActionKind.OPEN_CASE,
        ActionKind.SECOND_LOOK,
        ActionKind.PRESERVE,
        ActionKind.NOTIFY,
        ActionKind.ANSWER,
    }
)
"""Actions that whoever did it does not feel, so that what is said of them is for others."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A plain value from the server. Members that it does not know are passed over."""


class Problem(Told, frozen=True, kw_only=True):
    """The server's problem document (RFC 9457)."""

    status: int = 0
    title: str = ""
    detail: str = ""
    code: str = ""
    where: str = ""
    remedy: str = ""
    instance: str = ""


class ToldMatch(Told, frozen=True, kw_only=True):
    """A listed entry that the content is near to; as in `tutela.model.Match`."""

    bank: str
    kind: str
    distance: int
    exact: bool
    entry_id: int = 0
    trusted: bool = False
    drill: bool = False
    label: str = ""
    category: str = ""
    scheme: str = ""
    source: str = ""
    exchange: str | None = None
    part: str = ""
    path: tuple[str, ...] = ()


class ToldSilenced(Told, frozen=True, kw_only=True):
    """A match that does not count as a finding, and why."""

    match: ToldMatch
    reason: str
    detail: str = ""


class ToldGap(Told, frozen=True, kw_only=True):
    """A part of the content that was not compared, and why."""

    reason: str
    detail: str = ""
    part: str = ""


class ToldReason(Told, frozen=True, kw_only=True):
    """A rule that fired: `text` for staff, `notice` for the user concerned.

    `actions` are those that the rule asked for; empty where an older server does not say.
    """

    rule: str
    text: str = ""
    notice: str = ""
    principles: tuple[int, ...] = ()
    severity: str = ""
    owner: str = ""
    actions: tuple[str, ...] = ()


class ToldOrder(Told, frozen=True, kw_only=True):
    """An action that has details."""

    kind: str
    seconds: int | None = None
    to: str = ""


class ToldDecision(Told, frozen=True, kw_only=True):
    """What to do, and why."""

    actions: tuple[str, ...]
    policy_version: str = ""
    reasons: tuple[ToldReason, ...] = ()
    orders: tuple[ToldOrder, ...] = ()


class ToldLaw(Told, frozen=True, kw_only=True):
    """What the law of the place said of scanning."""

    may_scan: bool
    pack: str = ""
    reason: str = ""
    source: str = ""


class ToldKept(Told, frozen=True, kw_only=True):
    """What is kept of an event as evidence: `content` or `user-data`, and where it is.

    Of content that is `owed` or `elsewhere`, keep the bytes and hand them in.
    """

    id: str
    kind: str
    state: str


class Answer(Told, frozen=True, kw_only=True):
    """What came of an event.

    Attributes:
        evidence: what is kept of it, as it stood when the answer was made.
        replayed: the event had been decided before; this is the stored answer.
        spooled: the server was not reached. The event waits in the spool, the verdict is
            `not_checked`, and the decision is the client's own `on_trouble`.
    """

    event_id: str
    verdict: Verdict
    decision: ToldDecision
    received_at: datetime
    drill: bool = False
    list_version: int = 0
    matches: tuple[ToldMatch, ...] = ()
    gaps: tuple[ToldGap, ...] = ()
    silenced: tuple[ToldSilenced, ...] = ()
    case_id: str | None = None
    law: ToldLaw | None = None
    evidence: tuple[ToldKept, ...] = ()
    replayed: bool = False
    spooled: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """What is to be done, strongest first. Hold what asks for an action you do not know."""
        return self.decision.actions

    @property
    def asks(self) -> ActionKind:
        """What is to become of the content: block, hold or allow; hold where none is said."""
        return next((kind for kind in STRENGTH if kind in self.actions), ActionKind.HOLD)

    @property
    def notices(self) -> tuple[str, ...]:
        """The reasons in plain words, for who did it; not what receivers are told."""
        return tuple(
            reason.notice
            for reason in self.decision.reasons
            if reason.notice and (not reason.actions or set(reason.actions) - NOT_FOR_THE_ACTOR)
        )

    def notices_for(self, kind: str) -> tuple[str, ...]:
        """The reasons in plain words of one action; none for `allow`, which needs none."""
        return tuple(
            reason.notice
            for reason in self.decision.reasons
            if reason.notice
            and kind != ActionKind.ALLOW
            and (kind in reason.actions or not reason.actions)
        )

    def seconds(self, kind: str) -> int | None:
        """For how long an action is meant, or None where that is left to the platform."""
        found = (order.seconds for order in self.decision.orders if order.kind == kind)
        return next(found, None)


class ToldEvent(Told, frozen=True, kw_only=True):
    """The facts of an event as it was stored."""

    id: str
    received_at: datetime
    kind: str = ""
    surface: str = ""
    region: str = ""
    conversation: str = ""
    drill: bool = False


class StoredEvent(Told, frozen=True, kw_only=True):
    """An event with what came of it."""

    event: ToldEvent
    outcome: Answer


class LookupResult(Told, frozen=True, kw_only=True):
    """The matches of one signal, closest first; `total` counts those that are not told, too."""

    total: int = 0
    matches: tuple[ToldMatch, ...] = ()
    silenced: tuple[ToldSilenced, ...] = ()


class Lookup(Told, frozen=True, kw_only=True):
    """One result for each signal, in their order."""

    list_version: int
    results: tuple[LookupResult, ...]


class Confirmed(Told, frozen=True, kw_only=True):
    """An action after its receipt was taken: `state` is `done` where it is confirmed."""

    id: str
    state: str


class Appeal(Told, frozen=True, kw_only=True):
    """An appeal, and what came of it.

    Attributes:
        id: of the appeal; ask for it by that.
        contests: the event that was decided about.
        state: `waiting`, or `answered` once it is decided for good.
        outcome: `granted` or `upheld`; None before.
        statement: what the person is told; empty before.
        kind: `complaint` where a machine decided, `appeal` where a person did.
        case_id: the case that it is read as.
    """

    id: str
    contests: str
    state: str
    outcome: str | None = None
    statement: str = ""
    kind: str = ""
    case_id: str = ""
    received_at: datetime | None = None
    answered_at: datetime | None = None
    drill: bool = False

    @property
    def granted(self) -> bool:
        """Whether what was done is undone; a `restore` comes for that by webhook."""
        return self.outcome == "granted"


class Readiness(Told, frozen=True, kw_only=True):
    """Whether the server can answer for its lists."""

    ready: bool
    list_version: int = 0
    index_loaded: bool = False
    database: bool = False
    decoder: bool = False


def of_trouble(facts: dict[str, Any], asks: ActionKind) -> Answer:
    """The answer for an event that waits in the spool.

    Args:
        facts: the event as it would have been sent.
        asks: `hold` (fail-closed) or `allow` (fail-open).
    """
    reason = ToldReason(
        rule="not-reached",
        text="the server could not be reached; the event waits in the spool",
        notice="This could not be checked yet.",
    )
    return Answer(
        event_id=facts["event_id"],
        verdict=Verdict.NOT_CHECKED,
        decision=ToldDecision(actions=(asks.value,), reasons=(reason,)),
        received_at=datetime.now(UTC),
        drill=bool(facts.get("drill", False)),
        gaps=(ToldGap(reason="not_reached", detail=reason.text),),
        spooled=True,
    )
