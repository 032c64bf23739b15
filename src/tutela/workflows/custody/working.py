"""The process beside the server that keeps custody in order.

It lets expire what is due, discards what nobody needs, signs the audit log, and raises alarms. What
it needs may be away for a while: it says so once, goes on with the rest, and comes back to it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from tutela.errors import TutelaError
from tutela.evidence.keys.service import WrongKey
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import EvidenceKind, Item, ItemState
from tutela.model.custody.leaf import PROGRAM
from tutela.storage.audit.reading import AuditLog
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now
from tutela.workflows.custody.clock import belief, write_down
from tutela.workflows.custody.expiring import expire
from tutela.workflows.custody.orphans import Orphans
from tutela.workflows.custody.remaking import Remaking

TIDY_SECONDS = 3600.0
"""Time between two looks for bytes that nobody knows."""
PAGE = 100
SHORTEST_SECONDS = 0.1


class Every(NamedTuple):
    """How often each duty is done, in seconds."""

    expire: float
    sign: float
    tidy: float = TIDY_SECONDS


class Also(NamedTuple):
    """What a custodian does besides, where nobody else does.

    Attributes:
        sign: signs the audit log if there is more.
        remaking: writes owed user data down again.
    """

    sign: Callable[[], object] | None = None
    remaking: Remaking | None = None


NOTHING_ELSE = Also()


class Custodian:
    """Does the duties of custody in turn until told to stop.

    Args:
        items: the items.
        vault: gives the vault; raises a `TutelaError` while it cannot be opened.
        audit: the audit log.
        log: where it tells of its work and raises alarms.
        every: how often each duty is done.
        stop: set when it is to stop.
        also: what it does besides.
        clock: what time it is.
    """

    def __init__(
        self,
        items: EvidenceItems,
        vault: Callable[[], Vault],
        audit: AuditLog,
        log: FilteringBoundLogger,
        every: Every,
        *,
        stop: threading.Event,
        also: Also = NOTHING_ELSE,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._items = items
        self._vault = vault
        self._audit = audit
        self._log = log
        self._stop = stop
        self._clock = clock
        self._remaking = also.remaking
        self._orphans = Orphans(items)
        self._said: dict[str, str] = {}
        self._owed: set[str] = set()
        self._clean = True
        self._duties = [
            _Duty("expire", every.expire, self._expire),
            _Duty("alarm", every.expire, self._alarm),
            _Duty("tidy", every.tidy, self._tidy),
            _Duty("keys", every.tidy, self._miss_keys),
        ]
        if also.remaking is not None:
            self._duties.insert(1, _Duty("user data", every.expire, self._remake))
        if also.sign is not None:
            self._duties.append(_Duty("sign", every.sign, also.sign))

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stop.is_set():
            self.turn()
            upcoming = min(duty.due for duty in self._duties)
            self._stop.wait(max(upcoming - time.monotonic(), SHORTEST_SECONDS))

    def turn(self) -> None:
        """Do what is due now. What fails is said once, and tried again when it is due again."""
        for duty in self._duties:
            if self._stop.is_set() or time.monotonic() < duty.due:
                continue
            duty.due = time.monotonic() + duty.every
            try:
                duty.do()
            except TutelaError as error:
                self._say(duty.name, error.code, error.what)
            else:
                self._say(duty.name, "", "")

    def _say(self, duty: str, code: str, why: str) -> None:
        """Raise the alarm where a duty cannot be done, once for each cause; and when it is over."""
        before = self._said.get(duty, "")
        if why == before:
            return
        self._said[duty] = why
        if why:
            self._log.error("custody cannot do its duty", duty=duty, problem=code, reason=why)
        else:
            self._log.info("custody does its duty again", duty=duty)

    def _expire(self) -> None:
        at = self._clock()
        clock = belief(self._audit, at)
        self._say("clock", "clock", clock.problem)
        if not clock.plausible:
            return
        if clock.stale:
            write_down(self._audit)
        stopped = self._stop.is_set
        done = expire(self._items, self._vault, self._log, at, by=PROGRAM, stopped=stopped)
        if done.items:
            self._log.info("evidence has expired", items=done.items, keys=done.keys)
        # A reader may have kept the database from emptying its side files just now.
        self._clean = done.clean if done.items else self._clean or self._items.forget()

    def _tidy(self) -> None:
        discarded = self._orphans.tidy(self._vault())
        if discarded:
            self._log.info("bytes that nobody knows were discarded", blobs=discarded)

    def _miss_keys(self) -> None:
        """Raise the alarm about keys that the key service has lost."""
        usage, known = self._items.key_usage(), set(self._vault().key_ids())
        lost = sum(count for key, count in usage.items() if key not in known)
        if lost:
            raise WrongKey(
                f"{lost:,} objects are wrapped with keys that the key service does not have",
                remedy="bring the keys back from their copy; tutela vault status names them",
            )

    def _remake(self) -> None:
        """Write owed user data down again: the program knows them itself."""
        assert self._remaking is not None  # noqa: S101 - else this is no duty
        for item in list(_owed_items(self._items, EvidenceKind.USER_DATA)):
            if self._stop.is_set():
                return
            if self._remaking.remake(item, self._vault):
                self._log.info("owed user data were written down", item=item.id)

    def _alarm(self) -> None:
        """Raise the alarm about what is owed, once for each item."""
        owed = {item.id: item for item in _owed_items(self._items)}
        for item in owed.values():
            if item.id not in self._owed:
                self._log.error(
                    "evidence is owed: hand it in, or it is lost",
                    item=item.id,
                    event_id=item.event_id,
                    kind=item.kind.value,
                    reason=item.problem,
                )
        self._owed = set(owed)


class _Duty:
    """Something that is done again and again; `due` is when next, by `time.monotonic`."""

    def __init__(self, name: str, every: float, do: Callable[[], object]) -> None:
        self.name = name
        self.every = every
        self.do = do
        self.due = 0.0


def _owed_items(items: EvidenceItems, kind: EvidenceKind | None = None) -> Iterator[Item]:
    page = items.list(state=ItemState.OWED, kind=kind, limit=PAGE)
    while page:
        yield from page
        page = items.list(state=ItemState.OWED, kind=kind, limit=PAGE, after=page[-1].id)
