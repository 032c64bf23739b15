"""The floor of protection: set, told, and never passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.errors import InvalidInput
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.protection import Floor
from tutela.storage.database import Database
from tutela.storage.review.protection import ProtectionFloor


def test_the_floor_is_kept_and_told(database: Database, leaves: Callable[[], list[Leaf]]) -> None:
    floor = ProtectionFloor(database)
    assert floor.get() == Floor()
    wanted = Floor(blur=2, grey=True, size=192)
    floor.set(wanted, by="person:ada")
    assert floor.get() == wanted
    floor.set(wanted, by="person:ada")  # nothing changes: nothing is told
    floor.set(Floor(blur=2, grey=True, size=192, mute=True), by="person:bea")
    told = [(one.by, one.subject, one.data) for one in leaves()]
    assert {one.kind for one in leaves()} == {AuditKind.PROTECTION}
    assert told == [
        (
            "person:ada",
            "floor",
            {
                "did": "floor set",
                "blur": 2,
                "blur_before": 1,
                "grey": True,
                "grey_before": False,
                "size": 192,
                "size_before": 384,
            },
        ),
        ("person:bea", "floor", {"did": "floor set", "mute": True, "mute_before": False}),
    ]


def test_a_size_that_is_none_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput):
        ProtectionFloor(database).set(Floor(size=100))
    assert ProtectionFloor(database).get() == Floor()
