"""What decides now: the policy in force, and the one that decides in its shadow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from structlog.typing import FilteringBoundLogger

from tutela.errors import BadConfiguration, NotFound
from tutela.model import Decision
from tutela.policy.facts import Facts
from tutela.policy.guard import read_for
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.storage.journal import Shadowed
from tutela.storage.rules.differences import same
from tutela.storage.rules.shadowed import ShadowEnd

REFRESH_SECONDS = 0.5
"""Time between two looks at what is in force: a change counts within a second everywhere."""
SHARE = 0.25
"""Of the time that passes, so much may go to a policy in shadow."""
CREDIT_SECONDS = 1.0
"""So far ahead of that share it may be for a moment."""


class Patience:
    """Limits what a slow policy in shadow costs: one that takes too long is not asked for a while.

    Args:
        clock: gives seconds that pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._paid_at = float("-inf")

    def left(self) -> bool:
        """Whether there is time for one more decision."""
        return self._paid_at - self.clock() <= CREDIT_SECONDS

    def spend(self, seconds: float) -> None:
        """Some time was used."""
        self._paid_at = max(self._paid_at, self.clock()) + seconds / SHARE


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides at one moment; an event is decided by one of these from start to end.

    Attributes:
        live: what counts.
        shadow: a candidate that decides beside it, without effect.
        patience: how much time the candidate may take.
        failed: told of an error of the candidate.
        history: whether the actor's history must be looked up first: a rule of either reads it, or
            asks for what may rest on it.
    """

    live: Policy
    shadow: Policy | None = None
    patience: Patience = field(default_factory=Patience, compare=False)
    failed: Callable[[Exception], object] = field(default=lambda _: None, compare=False)
    history: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Look once what an event needs before these decide about it."""
        needed = any(_needs_history(one) for one in (self.live, self.shadow) if one is not None)
        object.__setattr__(self, "history", needed)

    @property
    def versions(self) -> dict[str, str]:
        """The version of `live`, and that of `shadow` where there is one."""
        shadow = {"shadow": self.shadow.version} if self.shadow else {}
        return {"live": self.live.version, **shadow}

    def in_shadow(self, facts: Facts, decision: Decision) -> Shadowed | None:
        """What the candidate makes of facts that `live` has decided about. Never raises."""
        if self.shadow is None:
            return None
        version = self.shadow.version
        if not self.patience.left():
            return Shadowed(version=version, end=ShadowEnd.SKIPPED)
        begun = self.patience.clock()
        try:
            other = self.shadow.decide(facts)
        except Exception as problem:  # noqa: BLE001 - what has no effect must not do harm either
            self.failed(problem)
            return Shadowed(version=version, end=ShadowEnd.FAILED)
        finally:
            self.patience.spend(self.patience.clock() - begun)
        return Shadowed(version=version, otherwise=None if same(other, decision) else other)


def facts_needed(policy: Policy) -> frozenset[str]:
    """Dotted paths of the facts that a policy decides by: what its rules read, and the guard."""
    return policy.reads | read_for(action for rule in policy.rules for action in rule.actions)


def _needs_history(policy: Policy) -> bool:
    return any(path.partition(".")[0] == "history" for path in facts_needed(policy))


class CurrentPolicy:
    """Follows what is in force in the database, in a thread of its own. Thread-safe.

    A version that cannot be loaded by this release of the program raises an alarm, and the last
    good one goes on deciding. While the database cannot be read, nothing changes.

    Args:
        versions: where it stands what is in force.
        log: where the alarm goes.
        switched: told what is in force, whenever that has changed.
        failed: told whenever a version could not be loaded.
        refresh_seconds: pause between two looks.
    """

    def __init__(
        self,
        versions: PolicyVersions,
        log: FilteringBoundLogger,
        *,
        switched: Callable[[InForce], object] = lambda _: None,
        failed: Callable[[], object] = lambda: None,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._versions = versions
        self._log = log
        self._switched = switched
        self._failed = failed
        self._refresh_seconds = refresh_seconds
        self._seen = 0
        self._in_force: InForce | None = None
        self._refreshing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="policy", daemon=True)

    def now(self) -> InForce:
        """What is in force."""
        assert self._in_force is not None, "it was not started"  # noqa: S101 - a mistake of ours
        return self._in_force

    def start(self, *loaded: Policy) -> None:
        """Load what is in force, then follow in the background.

        Args:
            loaded: policies that the caller has loaded: a quarter of a second for the shipped one.

        Raises:
            BadConfiguration: the policy in force cannot be loaded, or there is none.
            Unavailable: the database cannot be read.
        """
        self.refresh(*loaded)
        if self._in_force is None:
            raise BadConfiguration(
                "the policy in force cannot be loaded by this release of the program",
                where="policy",
                remedy="put another one in force: tutela policy activate FILE, or "
                "tutela policy rollback",
            )
        self._thread.start()

    def refresh(self, *loaded: Policy) -> None:
        """Catch up now, so that the caller sees its own changes; raises `Unavailable`.

        Args:
            loaded: policies that the caller has loaded; a large one takes seconds.
        """
        with self._refreshing:
            switch = self._versions.latest()
            if switch is None or switch.id == self._seen:
                return
            live, shadow = (self._loaded(one, loaded) for one in (switch.live, switch.shadow))
            self._seen = switch.id
            if live is not None:
                self._in_force = InForce(live, shadow, failed=self._alarm_once(switch.shadow))
                self._switched(self._in_force)

    def stop(self) -> None:
        """Stop following; what is in force stays so."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _loaded(self, version: str | None, loaded: Sequence[Policy]) -> Policy | None:
        """A version, loaded unless it is already; None, with an alarm, where that fails."""
        if version is None:
            return None
        now = self._in_force
        known: Sequence[Policy | None] = (*loaded, now.live, now.shadow) if now else loaded
        for policy in known:
            if policy is not None and policy.version == version:
                return policy
        try:
            return self._versions.load(version)
        except (BadConfiguration, NotFound) as problem:
            self._log.error(
                "a policy version cannot be loaded; what was in force stays so here",
                policy_version=version,
                reason=problem.what,
                where=problem.where,
            )
            self._failed()
            return None

    def _alarm_once(self, version: str | None) -> Callable[[Exception], object]:
        """What tells of the first error of a policy in shadow; all of them are counted."""
        told = False

        def tell(problem: Exception) -> None:
            nonlocal told
            if not told:
                told = True
                self._log.error(
                    "the policy in shadow failed; the live one is not touched by that",
                    policy_version=version,
                    error=type(problem).__name__,
                )

        return tell

    def _follow(self) -> None:
        while not self._stopping.wait(self._refresh_seconds):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("the policy could not be looked up", error=type(error).__name__)
