from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.unit.storage.review.filing import Filed, file_cases, picture, standing_in

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model import CaseState, Severity
from tutela.model.custody.leaf import Leaf
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import Queue, QueueFilter
from tutela.model.review.standing import ChangeKind
from tutela.storage.access.accounts import Accounts
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.queues import Queues
from tutela.storage.review.together.arranging import Arranging
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import cases
from tutela.storage.values import now

GRAVITY = list(Severity)


@pytest.fixture
def arranging(database: Database) -> Arranging:
    """Of four events of two people, and one of a third."""
    names = ("a", "a", "b", "b", "c")
    filed = [
        Filed(f"e{at}", actor=actor, severity=GRAVITY[at % 4], principles=(at + 1,), receivers=at)
        for at, actor in enumerate(names)
    ]
    file_cases(database, filed)
    Gathering(database).gather()
    return Arranging(database)


def together(database: Database) -> dict[str, str]:
    return standing_in(database)


def test_merging_takes_all_that_stands_in_the_other_one(
    database: Database, arranging: Arranging, leaves: Callable[[], list[Leaf]]
) -> None:
    change = arranging.merge("case-e0", "case-e2", why="the same people", by="cli:somebody")
    assert together(database) == {"e0": "e0", "e1": "e0", "e2": "e0", "e3": "e0", "e4": "e4"}
    assert change.others == ("case-e2", "case-e3")
    file = Cases(database).get("case-e0")
    assert (file.standing.events, file.standing.reach) == (4, 4 + 0 + 1 + 2 + 3)
    assert file.case.severity is Severity.CRITICAL
    assert file.case.principles == (1, 2, 3, 4)
    assert leaves()[-1].data == {"did": "merged", "other": "case-e2", "events": 2}
    assert "people" not in str(leaves())


def test_undoing_a_merge_brings_back_what_was(database: Database, arranging: Arranging) -> None:
    before, file = together(database), Cases(database).get("case-e2")
    change = arranging.merge("case-e0", "case-e2")
    undone = arranging.undo(change.id, by="cli:somebody")
    assert together(database) == before
    after = Cases(database).get("case-e2")
    assert after.case == file.case
    assert after.standing.reach == file.standing.reach
    assert after.standing.queue == file.standing.queue
    assert after.standing.waits_until == file.standing.waits_until
    assert after.standing.revision > file.standing.revision
    told = arranging.history("case-e0")
    assert [one.kind for one in told] == [ChangeKind.JOINED, ChangeKind.MERGED, ChangeKind.UNDONE]
    assert (told[1].undone_by, told[2].id) == (undone.id, undone.id)
    with pytest.raises(Conflict):
        arranging.undo(change.id)
    with pytest.raises(Conflict):
        arranging.undo(undone.id)


def test_splitting_and_undoing_that(database: Database, arranging: Arranging) -> None:
    arranging.merge("case-e0", "case-e2")
    before = together(database)
    change = arranging.split("case-e0", ["case-e3", "case-e1"])
    assert together(database) == {"e0": "e0", "e1": "e1", "e2": "e0", "e3": "e1", "e4": "e4"}
    one, other = Cases(database).get("case-e0"), Cases(database).get("case-e1")
    assert (one.standing.events, other.standing.events) == (2, 2)
    assert other.case.state is CaseState.OPEN
    arranging.undo(change.id)
    assert together(database) == before


def test_undoing_a_joining_lets_the_case_stand_for_itself(
    database: Database, arranging: Arranging
) -> None:
    (joined,) = arranging.history("case-e1")
    arranging.undo(joined.id)
    Gathering(database).gather()
    assert together(database)["e1"] == "e1", "and it is not gathered again"
    assert Cases(database).get("case-e0").standing.events == 1


def test_what_is_split_off_is_found_by_what_it_holds(database: Database) -> None:
    arranging = Arranging(database)
    file_cases(database, [Filed("e0", actor="a"), Filed("e1", actor="a", contents=[picture(1)])])
    Gathering(database).gather()
    arranging.split("case-e0", ["case-e1"])
    file_cases(database, [Filed("e2", contents=[picture(1)])])
    Gathering(database).gather()
    assert together(database)["e2"] == "e1"


def test_any_arranging_loses_nothing(database: Database) -> None:
    """Many steps in any order: each event stands in one case, which is what its events are."""
    chance = random.Random(7)  # noqa: S311 - a seed
    names = [f"e{at}" for at in range(9)]
    file_cases(
        database,
        [
            Filed(name, actor=f"a{at % 4}", receivers=at, severity=GRAVITY[at % 4])
            for at, name in enumerate(names)
        ],
    )
    Gathering(database).gather()
    arranging, done, refused = Arranging(database), Counter[str](), 0
    changes: list[int] = []
    for _ in range(90):
        step, one, other = chance.choice("msu"), chance.choice(names), chance.choice(names)
        try:
            if step == "m":
                changes.append(arranging.merge(f"case-{one}", f"case-{other}").id)
            elif step == "s":
                changes.append(arranging.split(f"case-{one}", [f"case-{other}"]).id)
            elif changes:
                arranging.undo(changes.pop(chance.randrange(len(changes))))
            done[step] += 1
        except Conflict:
            refused += 1
        check_whole(database, names)
    assert refused
    assert min(done.values()) > 3, done


def check_whole(database: Database, names: list[str]) -> None:
    roots = together(database)
    assert sorted(roots) == names
    for root in set(roots.values()):
        assert roots[root] == root, "what stands in a case holds none itself"
        inside = [name for name in names if roots[name] == root]
        file = Cases(database).get(f"case-{root}")
        assert file.standing.events == len(inside)
        assert file.standing.reach == sum(1 + int(name[1:]) for name in inside)
        gravest = max(int(name[1:]) % 4 for name in inside)
        assert file.case.severity is GRAVITY[gravest]


def test_what_has_been_read_stays_what_it_was(database: Database, arranging: Arranging) -> None:
    with database.write() as connection:
        second = update(cases).where(cases.c.id == "case-e0").values(state="second")
        connection.execute(second)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: arranging.merge("case-e0", "case-e2"),
        lambda: arranging.merge("case-e2", "case-e0"),
        lambda: arranging.split("case-e0", ["case-e1"]),
        lambda: arranging.undo(arranging.history("case-e1")[0].id),
    )
    for attempt in attempts:
        with pytest.raises(Conflict, match="has been read"):
            attempt()


def test_who_reads_a_case_arranges_it_and_nobody_else(
    database: Database, arranging: Arranging
) -> None:
    people = [Accounts(database).create(name, "reviewer").id for name in ("ada", "bea")]
    claim = Claims(database).take("case-e0", people[0])
    for holder in (None, people[1]):
        with pytest.raises(Conflict, match="somebody else"):
            arranging.merge("case-e0", "case-e2", holder=holder)
    with pytest.raises(Conflict, match="you do not read"):
        arranging.split("case-e2", ["case-e3"], holder=people[1])
    with pytest.raises(Conflict, match="somebody else"):
        arranging.merge("case-e2", "case-e0")
    arranging.merge("case-e0", "case-e2", holder=people[0], by=f"person:{people[0]}")
    (*_, change) = arranging.history("case-e0")
    assert change.by == f"person:{Accounts(database).get(people[0]).pseudonym}"
    held = Claims(database).held(people[0])
    assert [(one.token, one.revision > claim.revision) for one in held] == [(claim.token, True)]


def test_a_case_that_is_put_into_another_is_read_by_nobody(
    database: Database, arranging: Arranging
) -> None:
    ada = Accounts(database).create("ada", "reviewer").id
    claims = Claims(database)
    claims.take("case-e0", ada)
    claims.take("case-e2", ada)
    arranging.merge("case-e0", "case-e2", holder=ada)
    assert [one.case_id for one in claims.held(ada)] == ["case-e0"]


def test_what_does_not_go_together(database: Database, arranging: Arranging) -> None:
    more = [Filed("real", drill=False), Filed("appeal", kind=CaseKind.APPEAL)]
    file_cases(database, more)
    Gathering(database).gather()
    for other in ("case-real", "case-appeal", "case-e0", "case-e1"):
        with pytest.raises(Conflict):
            arranging.merge("case-e0", other)
    with pytest.raises(NotFound):
        arranging.merge("case-e0", "nobody")
    with pytest.raises(Conflict):
        arranging.split("case-e0", ["case-e0"])
    with pytest.raises(NotFound):
        arranging.split("case-e0", ["case-e1", "nobody"])
    with pytest.raises(InvalidInput):
        arranging.split("case-e0", [])
    with pytest.raises(InvalidInput):
        arranging.merge("case-e0", "case-e2", why="x" * 1_000_000)
    with pytest.raises(NotFound):
        arranging.undo(10**12)
    assert together(database)["e2"] == "e2"


def test_moving_to_a_queue_holds_until_it_is_undone(
    database: Database, arranging: Arranging
) -> None:
    queues = Queues(database)
    queues.put(Queue(name="calm", position=1, filter=QueueFilter(regions=("FR",)), readings=2))
    change = arranging.move("case-e4", "calm")
    moved = Cases(database).get("case-e4").standing
    assert (moved.queue, moved.moved, moved.readings_wanted) == ("calm", True, 2)
    queues.put(Queue(name="other", position=1, wait_seconds=60))
    assert Cases(database).get("case-e4").standing.queue == "calm"
    assert Cases(database).get("case-e0").standing.queue == "other"
    arranging.undo(change.id)
    back = Cases(database).get("case-e4").standing
    assert (back.queue, back.moved) == ("other", False)
    with pytest.raises(NotFound):
        arranging.move("case-e4", "nowhere")


def test_a_queue_that_is_gone_holds_nothing(database: Database, arranging: Arranging) -> None:
    queues = Queues(database)
    queues.put(Queue(name="calm", position=1, filter=QueueFilter(regions=("FR",))))
    arranging.move("case-e4", "calm")
    queues.delete("calm")
    back = Cases(database).get("case-e4").standing
    assert (back.queue, back.moved) == ("everything", False)


def test_a_lapsed_claim_holds_nothing(database: Database, arranging: Arranging) -> None:
    ada = Accounts(database).create("ada", "reviewer").id
    Claims(database).take("case-e0", ada)
    with database.write() as connection:
        connection.execute(update(cases).values(claimed_until=now() - timedelta(seconds=1)))
    arranging.merge("case-e0", "case-e2")
    assert together(database)["e2"] == "e0"
