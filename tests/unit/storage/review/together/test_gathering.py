from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from tests.unit.storage.review.filing import Filed, file_cases, near, picture, standing_in

from tutela.model import CaseState, Severity
from tutela.model.response.case import CaseKind
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.review.tables import case_changes, case_pieces
from tutela.storage.review.together import gathering
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.review.together.likeness import NEAR
from tutela.storage.tables import cases
from tutela.storage.values import now

FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


class Oracle:
    """What gathering means, one case after another, comparing everything with everything."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.known: list[Filed] = []
        self.root: dict[str, str] = {}
        self.closed: set[str] = set()

    def add(self, new: Filed) -> None:
        self.root[new.name] = self._find(new)
        self.known.append(new)

    def _find(self, new: Filed) -> str:
        if new.kind is not CaseKind.FINDING:
            return new.name
        for like in (self._talks, self._acts, self._holds, self._nearly):
            for old in self.known:
                if self._joinable(old, new) and like(old, new):
                    return old.name
        return new.name

    def _joinable(self, old: Filed, new: Filed) -> bool:
        own = self.root[old.name] == old.name and old.name not in self.closed
        inside = sum(1 for root in self.root.values() if root == old.name)
        same = old.drill is new.drill and old.kind is CaseKind.FINDING
        return own and same and inside < self.most

    def _talks(self, old: Filed, new: Filed) -> bool:
        return bool(new.conversation) and old.conversation == new.conversation

    def _acts(self, old: Filed, new: Filed) -> bool:
        return bool(new.actor) and old.actor == new.actor

    def _holds(self, old: Filed, new: Filed) -> bool:
        return not set(old.contents).isdisjoint(new.contents)

    def _nearly(self, old: Filed, new: Filed) -> bool:
        return any(distance(a, b) <= NEAR for a in old.contents for b in new.contents)


SPREAD = [16 * part + turn for turn in range(3) for part in range(16)]
"""Bits of which any 16 in a row stand in as many parts of a fingerprint."""


@st.composite
def pictures(draw: st.DrawFn) -> str:
    """One of few pictures, with as many bits turned as may make the difference."""
    bits = SPREAD
    if draw(st.booleans()):
        bits = draw(st.randoms(use_true_random=False)).sample(range(256), 34)
    turned = draw(st.sampled_from([0, 0, 1, 15, 16, 17, 30, 31, 32, 34]))
    return near(picture(draw(st.integers(0, 2))), bits[:turned])


filed = st.fixed_dictionaries(
    {
        "actor": st.sampled_from(["", "", "", "a", "b"]),
        "conversation": st.sampled_from(["", "", "", "c", "d"]),
        "contents": st.lists(pictures(), max_size=3),
        "drill": st.sampled_from([True, True, False]),
        "kind": st.sampled_from([CaseKind.FINDING] * 5 + [CaseKind.APPEAL]),
        "severity": st.sampled_from(Severity),
        "imminent": st.booleans(),
        "second_look": st.booleans(),
        "receivers": st.integers(0, 3),
        "principles": st.sampled_from([(), (1,), (2, 3)]),
    }
).map(lambda facts: Filed("", **facts))


@pytest.fixture
def fresh(new_database_url: Callable[[], str]) -> Iterator[Callable[[], Database]]:
    """Gives a database with nothing in it, again and again."""
    opened: list[Database] = []

    def fresh() -> Database:
        while opened:
            opened.pop().close()
        opened.append(Database.open(new_database_url()))
        return opened[0]

    yield fresh
    for database in opened:
        database.close()


@FEW
@given(
    wanted=st.lists(filed, min_size=1, max_size=14),
    taken=st.lists(st.tuples(st.integers(0, 13), st.booleans()), max_size=4),
    cut=st.integers(0, 14),
)
def test_cases_stand_where_an_oracle_says(
    fresh: Callable[[], Database],
    wanted: list[Filed],
    taken: list[tuple[int, bool]],
    cut: int,
) -> None:
    """In between, some of the cases that are there are claimed or decided: nothing joins those."""
    named = [one._replace(name=f"e{at}") for at, one in enumerate(wanted)]
    database, oracle = fresh(), Oracle(gathering.MOST_EVENTS)
    file_cases(database, named[:cut])
    Gathering(database).gather()
    for one in named[:cut]:
        oracle.add(one)
    for at, decided in taken:
        if at < cut and oracle.root.get(f"e{at}") == f"e{at}":
            take(database, f"case-e{at}", decided=decided)
            oracle.closed.add(f"e{at}")
    file_cases(database, named[cut:])
    Gathering(database).gather()
    for one in named[cut:]:
        oracle.add(one)
    assert standing_in(database) == oracle.root
    assert_lifted(database, named, oracle)


def take(database: Database, case_id: str, *, decided: bool) -> None:
    values = {"state": CaseState.DECIDED.value} if decided else {"claimed_until": LATER}
    with database.write() as connection:
        connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


LATER = now() + timedelta(days=1)


def assert_lifted(database: Database, named: list[Filed], oracle: Oracle) -> None:
    """What a case is about is what any of its events is about."""
    gravity = list(Severity)
    for one in named:
        if oracle.root[one.name] != one.name:
            continue
        inside = [other for other in named if oracle.root[other.name] == one.name]
        file = Cases(database).get(one.id)
        assert file.standing.events == len(inside)
        assert file.standing.revision == len(inside)
        assert file.standing.reach == sum(1 + other.receivers for other in inside)
        assert file.case.severity is max((other.severity for other in inside), key=gravity.index)
        assert file.case.imminent is any(other.imminent for other in inside)
        assert file.case.second_look is any(other.second_look for other in inside)
        told = {number for other in inside for number in other.principles}
        assert file.case.principles == tuple(sorted(told))
        assert file.standing.readings_wanted == (2 if file.case.second_look else 1)
        assert file.standing.gathered_at is not None
        events = Cases(database).events(one.id, limit=100)
        assert [event.event.id for event in events] == [other.name for other in inside]


def test_nothing_joins_a_case_that_is_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_EVENTS", 3)
    named = [Filed(f"e{at}", actor="a") for at in range(8)]
    file_cases(database, named)
    Gathering(database).gather()
    oracle = Oracle(3)
    for one in named:
        oracle.add(one)
    assert standing_in(database) == oracle.root
    assert set(oracle.root.values()) == {"e0", "e3", "e6"}


def test_a_joining_tells_what_why_and_of_which_case(
    database: Database, leaves: Callable[[], list[object]]
) -> None:
    file_cases(database, [Filed("e0", actor="a"), Filed("e1", actor="a")])
    before = len(leaves())
    assert Gathering(database).gather().joined == 1
    (leaf,) = leaves()[before:]
    assert (leaf.kind, leaf.by, leaf.subject) == ("case", "tutela", "case-e0")  # type: ignore[attr-defined]
    assert leaf.data == {"did": "joined", "other": "case-e1", "why": "actor"}  # type: ignore[attr-defined]
    with database.read() as connection:
        change = connection.execute(select(case_changes)).one()
    assert (change.kind, change.why, change.by) == ("joined", "actor", "tutela")


@pytest.mark.parametrize("bits", [SPREAD, list(range(64))])
@pytest.mark.parametrize("turned", [NEAR, NEAR + 1])
def test_pictures_are_near_up_to_31_bits(database: Database, bits: list[int], turned: int) -> None:
    far = near(picture(0), bits[:turned])
    file_cases(database, [Filed("e0", contents=[picture(0)]), Filed("e1", contents=[far])])
    Gathering(database).gather()
    assert standing_in(database)["e1"] == ("e0" if turned == NEAR else "e1")


def test_what_is_claimed_is_left_alone_until_the_claim_lapses(database: Database) -> None:
    gathering = Gathering(database)
    file_cases(database, [Filed("e0", actor="a")])
    gathering.gather()
    take(database, "case-e0", decided=False)
    file_cases(database, [Filed("e1", actor="a")])
    gathering.gather()
    with database.write() as connection:
        connection.execute(update(cases).values(claimed_until=now() - timedelta(seconds=1)))
    file_cases(database, [Filed("e2", actor="a")])
    gathering.gather()
    assert standing_in(database) == {"e0": "e0", "e1": "e1", "e2": "e0"}, "the oldest takes it"


def test_a_case_that_is_claimed_before_it_is_gathered_stays(database: Database) -> None:
    file_cases(database, [Filed("e0", actor="a"), Filed("e1", actor="a")])
    take(database, "case-e1", decided=False)
    Gathering(database).gather()
    assert standing_in(database) == {"e0": "e0", "e1": "e1"}


def test_cases_do_not_grow_together_along_a_chain(database: Database) -> None:
    """What joined a case draws nothing into it."""
    pictures = [near(picture(0), SPREAD[: 20 * step]) for step in range(3)]
    assert distance(pictures[0], pictures[2]) > NEAR >= distance(pictures[1], pictures[2])
    file_cases(database, [Filed(f"e{at}", contents=[one]) for at, one in enumerate(pictures)])
    Gathering(database).gather()
    assert standing_in(database) == {"e0": "e0", "e1": "e0", "e2": "e2"}


def test_gathering_again_changes_nothing(database: Database) -> None:
    file_cases(database, [Filed(f"e{at}", contents=[picture(0)]) for at in range(3)])
    assert Gathering(database).gather().looked == 3
    assert Gathering(database).gather().looked == 0
    with database.read() as connection:
        owners = connection.scalars(select(case_pieces.c.event_seq).distinct()).all()
        assert connection.scalar(select(func.count()).select_from(case_changes)) == 2
    assert len(owners) == 1, "only what stands for itself is found by what it holds"


def _work(url: str, begin: object) -> None:
    database = Database.open(url)
    begin.wait()  # type: ignore[attr-defined]
    Gathering(database).gather()
    database.close()


def test_two_processes_at_once_come_to_what_one_comes_to(
    database: Database, database_url: str
) -> None:
    named = [
        Filed(f"e{at}", actor=f"a{at % 7}", contents=[near(picture(at % 5), range(at % 40))])
        for at in range(60)
    ]
    file_cases(database, named)
    oracle = Oracle(gathering.MOST_EVENTS)
    for one in named:
        oracle.add(one)
    spawn = multiprocessing.get_context("spawn")
    begin = spawn.Barrier(2)
    workers = [spawn.Process(target=_work, args=(database_url, begin)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert standing_in(database) == oracle.root
    assert_lifted(database, named, oracle)
