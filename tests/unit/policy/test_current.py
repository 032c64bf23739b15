"""Who decides now, and how that changes while it decides."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tutela.errors import BadConfiguration, Unavailable
from tutela.model import Decision, Verdict
from tutela.policy.current import CREDIT_SECONDS, SHARE, CurrentPolicy, InForce, Patience
from tutela.policy.facts import EventFacts, Facts
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.storage.database import Database
from tutela.storage.rules.shadowed import Shadowed, ShadowEnd
from tutela.storage.rules.switches import PolicySwitch, Version
from tutela.telemetry import make_logger


def policy(name: str, action: str = "hold") -> Policy:
    return Policy.load(
        f"policy: {name}\nowner: safety\nrules:\n"
        f"  - name: all\n    when: 'true'\n    actions: [{action}]\n"
        "    reason: Wait.\n    notice: It waits.\n",
        name,
    )


ONE, TWO, THREE = policy("one"), policy("two", "allow"), policy("three")
FACTS = Facts(
    event=EventFacts(),
    verdict=Verdict.CLEAR,
    matches=(),
    contents=(),
    gaps=(),
)


class Watched:
    """What follows the database of a test, and what it said."""

    def __init__(self, versions: PolicyVersions) -> None:
        self.said = io.StringIO()
        self.seen: list[dict[str, str]] = []
        self.failures = 0
        self.current = CurrentPolicy(
            versions,
            make_logger("error", as_json=True, stream=self.said),
            switched=lambda now: self.seen.append(now.versions),
            failed=self._failed,
            refresh_seconds=0.01,
        )

    def _failed(self) -> None:
        self.failures += 1

    @property
    def live(self) -> str:
        return self.current.now().live.version


@pytest.fixture
def versions(database: Database) -> PolicyVersions:
    return PolicyVersions(database)


@pytest.fixture
def watched(versions: PolicyVersions) -> Iterator[Watched]:
    found = Watched(versions)
    yield found
    found.current.stop()


def eventually(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def test_a_change_is_followed_without_being_asked(
    versions: PolicyVersions, watched: Watched
) -> None:
    versions.activate(ONE, by="a")
    watched.current.start()
    assert watched.live == ONE.version
    versions.cast(THREE, by="a")
    eventually(lambda: watched.current.now().shadow)
    versions.activate(TWO, by="a")
    eventually(lambda: watched.live == TWO.version)
    assert watched.current.now().versions == {"live": TWO.version, "shadow": THREE.version}
    eventually(lambda: len(watched.seen) == 3)  # said after it is in force, by another thread
    assert [one["live"] for one in watched.seen] == [ONE.version, ONE.version, TWO.version]


def test_what_decides_is_one_whole(versions: PolicyVersions, watched: Watched) -> None:
    versions.activate(ONE, by="a")
    watched.current.refresh()
    before = watched.current.now()
    versions.activate(TWO, by="a")
    watched.current.refresh()
    assert before.live.version == ONE.version, "whoever took it decides to the end with it"
    assert watched.live == TWO.version


def test_a_policy_at_work_is_not_loaded_again(versions: PolicyVersions, watched: Watched) -> None:
    versions.activate(ONE, by="a")
    versions.cast(TWO, by="a")
    watched.current.refresh()
    before = watched.current.now()
    versions.activate(TWO, by="a")
    watched.current.refresh()
    assert watched.current.now().live is before.shadow


def test_a_policy_that_the_caller_has_loaded_is_not_loaded_again(
    versions: PolicyVersions, watched: Watched
) -> None:
    versions.activate(ONE, by="a")
    watched.current.refresh(TWO, ONE)
    assert watched.current.now().live is ONE


def test_nothing_in_force_is_no_start(watched: Watched) -> None:
    with pytest.raises(BadConfiguration, match="cannot be loaded"):
        watched.current.start()


def test_what_cannot_be_loaded_raises_an_alarm_and_the_last_good_one_decides_on(
    versions: PolicyVersions, watched: Watched
) -> None:
    versions.activate(ONE, by="a")
    watched.current.start()
    versions.cast(THREE, by="a")
    eventually(lambda: watched.current.now().shadow)
    # As another release of the program would bring it in, to which it means something.
    newer = Version(version="newer-1", text="policy: newer\nrules: in another way\n")
    versions.switches.activate(newer, by="a newer release")
    eventually(lambda: watched.failures)
    time.sleep(0.05)
    assert watched.live == ONE.version
    assert watched.failures == 1, "one alarm, not one for each look"
    assert watched.said.getvalue().count("cannot be loaded") == 1
    assert "newer-1" in watched.said.getvalue()
    versions.roll_back(by="a")
    versions.activate(TWO, by="a")
    eventually(lambda: watched.live == TWO.version)


def test_a_server_does_not_start_with_what_it_cannot_load(
    versions: PolicyVersions, watched: Watched
) -> None:
    versions.activate(ONE, by="a")
    newer = Version(version="newer-1", text="policy: newer\n")
    versions.switches.activate(newer, by="a newer release")
    with pytest.raises(BadConfiguration, match="cannot be loaded"):
        watched.current.start()


def test_a_shadow_that_cannot_be_loaded_keeps_nobody_from_deciding(
    versions: PolicyVersions, watched: Watched
) -> None:
    versions.activate(ONE, by="a")
    versions.switches.cast(Version(version="newer-1", text="policy: newer\n"), by="a")
    watched.current.start()
    assert watched.current.now().versions == {"live": ONE.version}
    assert watched.failures == 1


def test_a_database_that_is_down_changes_nothing_and_is_looked_at_again(
    versions: PolicyVersions, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.activate(ONE, by="a")
    watched.current.start()
    down = threading.Event()
    look = versions.latest

    def latest() -> PolicySwitch | None:
        if down.is_set():
            raise Unavailable("the database cannot be reached")
        return look()

    monkeypatch.setattr(versions, "latest", latest)
    down.set()
    versions.activate(TWO, by="a")
    eventually(lambda: "could not be looked up" in watched.said.getvalue())
    assert watched.live == ONE.version
    down.clear()
    eventually(lambda: watched.live == TWO.version)


class Slow(Policy):
    """A policy that takes a second of a clock for each decision."""

    reads = frozenset[str]()
    rules = ()

    def __init__(self, clock: list[float]) -> None:
        self.version = "slow-1"
        self.clock = clock

    def decide(self, facts: Facts) -> Decision:
        self.clock[0] += 1.0
        return ONE.decide(facts)


class Broken(Policy):
    """A policy with a fault that nobody thought of."""

    reads = frozenset[str]()
    rules = ()

    def __init__(self) -> None:
        self.version = "broken-1"

    def decide(self, facts: Facts) -> Decision:
        raise ZeroDivisionError(str(facts))


def test_a_shadow_says_what_it_would_have_done_only_where_that_differs() -> None:
    live = ONE.decide(FACTS)
    assert InForce(ONE).in_shadow(FACTS, live) is None
    agreed = InForce(ONE, THREE).in_shadow(FACTS, live)
    assert agreed == Shadowed(version=THREE.version)
    differed = InForce(ONE, TWO).in_shadow(FACTS, live)
    assert differed is not None
    assert differed.otherwise == TWO.decide(FACTS)


def test_a_shadow_that_fails_is_told_of_and_does_no_harm() -> None:
    told: list[Exception] = []
    found = InForce(ONE, Broken(), failed=told.append).in_shadow(FACTS, ONE.decide(FACTS))
    assert found == Shadowed(version="broken-1", end=ShadowEnd.FAILED)
    assert [type(one) for one in told] == [ZeroDivisionError]


def test_a_fault_of_the_shadow_is_logged_once(versions: PolicyVersions, watched: Watched) -> None:
    versions.activate(ONE, by="a")
    versions.cast(TWO, by="a")
    watched.current.refresh()
    for _ in range(3):
        watched.current.now().failed(ValueError("secret"))
    said = watched.said.getvalue()
    assert said.count("the policy in shadow failed") == 1
    assert "secret" not in said


def test_a_slow_shadow_has_its_share_of_the_time_and_no_more() -> None:
    clock = [0.0]
    in_force = InForce(ONE, Slow(clock), patience=Patience(lambda: clock[0]))
    live = ONE.decide(FACTS)
    ends = []
    for _ in range(1000):
        found = in_force.in_shadow(FACTS, live)
        assert found is not None
        ends.append(found.end)
        clock[0] += 0.1
    asked = ends.count(ShadowEnd.DECIDED)
    assert asked + ends.count(ShadowEnd.SKIPPED) == 1000
    assert asked <= clock[0] * SHARE + CREDIT_SECONDS
    assert asked >= clock[0] * SHARE * 0.9, "and no less"


def test_a_quick_shadow_is_always_asked() -> None:
    in_force = InForce(ONE, TWO)
    ends = {in_force.in_shadow(FACTS, ONE.decide(FACTS)).end for _ in range(200)}  # type: ignore[union-attr]
    assert ends == {ShadowEnd.DECIDED}
