"""What an audit log has lost that an older database brings back, as its witness tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from tutela.evidence.audit.witness import Known
from tutela.model.custody.leaf import AuditKind, Fact
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog

CHUNK = 4096


class LostHold(Record, frozen=True, kw_only=True):
    """A hold that was placed since and is gone, or lifted since and stands again."""

    item: str
    number: int
    at: datetime
    by: str


class LostReport(Record, frozen=True, kw_only=True):
    """A report to an authority that was recorded since."""

    event: str
    at: datetime
    by: str


class Lost(Record, frozen=True, kw_only=True):
    """What happened after the backup, as far as the witness knows.

    Attributes:
        witness: the witness's folder.
        size: leaves of the backup.
        known: leaves that the witness knows.
        parted: index of the first leaf that both have and that differs; None where the backup is
            the beginning of what is known, or goes beyond it.
        kinds: how many leaves of each kind are lost.
        first_at, last_at: when the first and the last of them were written that are no decisions.
        destroyed: ids of items that were destroyed since, and come back.
        placed: holds that were placed since, and are gone.
        lifted: holds that were lifted since, and stand again.
        reports: reports that were recorded since.
        revoked: ids of API keys that were revoked since.
    """

    witness: str
    size: int
    known: int
    parted: int | None = None
    kinds: Mapping[str, int] = msgspec.field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    destroyed: tuple[str, ...] = ()
    placed: tuple[LostHold, ...] = ()
    lifted: tuple[LostHold, ...] = ()
    reports: tuple[LostReport, ...] = ()
    revoked: tuple[str, ...] = ()

    @property
    def leaves(self) -> int:
        """How many leaves are lost."""
        return sum(self.kinds.values())


def lost(log: AuditLog, known: Known) -> Lost:
    """Compare a log with what a witness knows.

    Raises:
        Tampered: the witness's files are not what a witness writes.
        Unavailable: they, or the database, cannot be read.
    """
    size = log.head().size
    parted = _parting(log, known, min(size, known.size))
    since = parted if parted is not None else size
    return _Story(known, size, parted).told(since)


def _parting(log: AuditLog, known: Known, stop: int) -> int | None:
    hashes = known.hashes(0, stop)
    for start in range(0, stop, CHUNK):
        leaves = log.leaves(start, min(start + CHUNK, stop))
        for index, leaf in enumerate(leaves, start):
            if leaf.index != index or next(hashes, None) != leaf.hash:
                return index
        if start + len(leaves) != min(start + CHUNK, stop):
            return start + len(leaves)
    return None


class _Leaf(msgspec.Struct):
    """What is read of a leaf; its kind may be one that only a newer program knows."""

    kind: str
    at: datetime
    by: str
    subject: str
    data: dict[str, Fact]


class _Story:
    """What lost leaves tell, one after the other."""

    def __init__(self, known: Known, size: int, parted: int | None) -> None:
        self._known, self._size, self._parted = known, size, parted
        self._kinds: Counter[str] = Counter()
        self._times: list[datetime] = []
        self._destroyed: dict[str, None] = {}
        self._placed: dict[int, LostHold] = {}
        self._lifted: list[LostHold] = []
        self._reports: list[LostReport] = []
        self._revoked: dict[str, None] = {}

    def told(self, since: int) -> Lost:
        for _, text in self._known.texts(since, self._known.size):
            self._take(msgspec.json.decode(text, type=_Leaf))
        decisions = max(0, self._known.size - since) - self._kinds.total()
        if decisions > 0:
            self._kinds[AuditKind.DECISION.value] = decisions
        return Lost(
            witness=self._known.where,
            size=self._size,
            known=self._known.size,
            parted=self._parted,
            kinds=dict(self._kinds.most_common()),
            first_at=min(self._times, default=None),
            last_at=max(self._times, default=None),
            destroyed=tuple(self._destroyed),
            placed=tuple(self._placed.values()),
            lifted=tuple(self._lifted),
            reports=tuple(self._reports),
            revoked=tuple(self._revoked),
        )

    def _take(self, leaf: _Leaf) -> None:
        self._kinds[leaf.kind] += 1
        self._times = [*self._times[:1], leaf.at]
        if leaf.kind == AuditKind.DESTROY:
            self._destroyed[leaf.subject] = None
        elif leaf.kind == AuditKind.HOLD:
            hold = _hold(leaf)
            self._placed[hold.number] = hold
        elif leaf.kind == AuditKind.RELEASE:
            hold = _hold(leaf)
            if self._placed.pop(hold.number, None) is None:
                self._lifted.append(hold)
        elif leaf.kind == AuditKind.REPORT and "moment" in leaf.data:
            self._reports.append(LostReport(event=leaf.subject, at=leaf.at, by=leaf.by))
        elif leaf.kind == AuditKind.API_KEY and leaf.data.get("did") == "revoked":
            self._revoked[leaf.subject.removeprefix("key:")] = None


def _hold(leaf: _Leaf) -> LostHold:
    number = leaf.data.get("hold")
    return LostHold(
        item=leaf.subject,
        number=number if isinstance(number, int) else 0,
        at=leaf.at,
        by=leaf.by,
    )
