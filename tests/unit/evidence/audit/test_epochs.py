"""What a restore says of a log, and the name that follows from it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tutela.evidence.audit.epochs import Restored, next_origin, read_restored, restore_leaf
from tutela.model.custody.leaf import AuditKind, Leaf

RESTORED = Restored(origin="tutela-before", size=5, known_size=9, known_root="ab" * 32)


def leaf(index: int = 5, kind: AuditKind = AuditKind.RESTORE, **changed: object) -> Leaf:
    new = restore_leaf(RESTORED, "backup", "cli:root")
    return Leaf(
        index=index,
        at=datetime(2026, 11, 30, tzinfo=UTC),
        kind=kind,
        by=new.by,
        subject=new.subject,
        data={**new.data, **changed},  # type: ignore[dict-item]
    )


def test_a_restore_is_read_from_its_leaf() -> None:
    assert read_restored(leaf()) == RESTORED
    assert read_restored(leaf(more="words")) == RESTORED
    assert RESTORED.lost == 4


@pytest.mark.parametrize(
    "one",
    [
        leaf(index=6),
        leaf(kind=AuditKind.HOLD),
        leaf(known_root="ab"),
        leaf(known_root="zz" * 32),
        leaf(known_size="9"),
        leaf(origin=None),
    ],
)
def test_what_says_it_wrongly_is_no_restore(one: Leaf) -> None:
    assert read_restored(one) is None


def test_the_next_name_commits_to_everything_before() -> None:
    names = {next_origin(RESTORED)}
    for changed in (
        {"origin": "tutela-other"},
        {"size": 6},
        {"known_size": 10},
        {"known_root": "ac" * 32},
    ):
        names.add(next_origin(msgspec.structs.replace(RESTORED, **changed)))
    assert len(names) == 5
    assert next_origin(RESTORED) == next_origin(RESTORED)
    assert all(name.startswith("tutela-") for name in names)
