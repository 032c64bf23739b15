"""Recusals: set without a reason, and told without saying which."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.errors import InvalidInput, NotFound
from tutela.model.custody.leaf import Leaf
from tutela.model.review.queue import EVERYTHING, Queue
from tutela.storage.database import Database
from tutela.storage.review.protecting.recusals import Recusals
from tutela.storage.review.queues import Queues


def test_recusals_are_kept_and_end_with_their_queue(
    database: Database, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    queues, recusals = Queues(database), Recusals(database)
    for name in ("live", "fast"):
        queues.put(Queue(name=name, position=1))
    before = len(leaves())
    assert recusals.set(people[0], ["live", "fast", "live"], by="person:ada") == ["fast", "live"]
    recusals.set(people[0], ["fast", "live"], by="person:ada")  # nothing changes
    assert recusals.of(people[0]) == ["fast", "live"]
    assert recusals.of(people[1]) == []
    queues.delete("live")
    assert recusals.of(people[0]) == ["fast"]
    recusals.set(people[0], [], by="person:ada")
    assert recusals.of(people[0]) == []
    told = [one for one in leaves()[before:] if one.kind == "protection"]
    assert [one.data for one in told] == [{"did": "recusals set"}] * 2
    assert {one.subject for one in told} == {f"person:{people[0]}"}


def test_some_queue_is_left_and_each_is_there(database: Database, people: list[str]) -> None:
    recusals = Recusals(database)
    for wanted in (["none"], [EVERYTHING]):
        with pytest.raises(InvalidInput):
            recusals.set(people[0], wanted)
    with pytest.raises(NotFound):
        recusals.set("nobody", [])
    assert recusals.of(people[0]) == []
