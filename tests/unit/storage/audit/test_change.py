from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.audit.change import differences, leaf, tell
from tutela.storage.database import Database


def test_a_change_is_told_with_what_was_done(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    with database.write() as connection:
        tell(connection, AuditKind.BANK, "key:1", "bank:7", "changed", {"distance": 9})
    (told,) = leaves()
    assert (told.kind, told.by, told.subject) == (AuditKind.BANK, "key:1", "bank:7")
    assert told.data == {"did": "changed", "distance": 9}


def test_what_was_rolled_back_is_not_told(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    def change() -> None:
        with database.write() as connection:
            tell(connection, AuditKind.BANK, "key:1", "bank:7", "changed")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert leaves() == []


def test_only_what_differs_is_told() -> None:
    before = {"distance": 31, "enabled": True, "trusted": False}
    after = {"distance": 9, "enabled": True, "trusted": None}
    assert differences(before, after) == {
        "distance": 9,
        "distance_before": 31,
        "trusted": None,
        "trusted_before": False,
    }
    assert differences(before, before) == {}


def test_zero_and_no_are_told_apart() -> None:
    assert differences({"distance": None}, {"distance": 0}) == {
        "distance": 0,
        "distance_before": None,
    }


def test_a_leaf_without_details_says_what_was_done() -> None:
    assert leaf(AuditKind.BANK, "key:1", "bank:7", "deleted").data == {"did": "deleted"}
