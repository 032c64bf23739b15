from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tutela.errors import Conflict, NotFound
from tutela.evidence.keys.memory import MemoryKeys
from tutela.model.custody.leaf import AuditKind
from tutela.workflows.custody.rewrapping import (
    Drilled,
    drill,
    key_standings,
    retire,
    rewrap,
    rotate,
)

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


def test_keys_are_rotated_rewrapped_and_retired(place: Place) -> None:
    kept = [place.keep(f"line {number}".encode()) for number in range(5)]
    old = place.keys.current()
    new = rotate(place.keys, place.audit, by="cli:ann")
    late = place.keep(b"late")
    standings = key_standings(place.items, place.keys)
    assert [(one.id, one.current, one.objects) for one in standings] == [
        (old, False, 5),
        (new, True, 1),
    ]
    with pytest.raises(Conflict, match="living objects"):
        retire(place.items, place.keys, place.audit, old, by="cli:ann", at_once=True)
    assert rewrap(place.items, place.vault, place.keys, place.audit, by="cli:ann") == 5
    assert rewrap(place.items, place.vault, place.keys, place.audit, by="cli:ann") == 0
    with pytest.raises(Conflict, match="being taken in"):
        retire(place.items, place.keys, place.audit, old, by="cli:ann")
    retire(place.items, place.keys, place.audit, old, by="cli:ann", at_once=True)
    assert [one.id for one in key_standings(place.items, place.keys)] == [new]
    assert [place.read(item) for item in (*kept, late)][-1] == b"late"
    told = [(leaf.subject, leaf.data["what"]) for leaf in place.leaves(AuditKind.VAULT_KEY)]
    assert told == [(new, "rotated"), (new, "rewrapped"), (old, "retired")]


def test_what_is_current_or_unknown_is_not_retired(place: Place) -> None:
    current = place.keys.current()
    with pytest.raises(Conflict):
        retire(place.items, place.keys, place.audit, current, by="cli:ann", at_once=True)
    with pytest.raises(NotFound):
        retire(place.items, place.keys, place.audit, "no-such-key", by="cli:ann")
    assert place.leaves(AuditKind.VAULT_KEY) == []


def test_whoever_is_interrupted_begins_where_it_stopped(place: Place) -> None:
    kept = [place.keep(f"line {number}".encode()) for number in range(6)]
    rotate(place.keys, place.audit, by="cli:ann")
    done: list[int] = []

    def progress() -> None:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrap(
            *(place.items, place.vault, place.keys, place.audit), by="cli:ann", progress=progress
        )
    assert rewrap(place.items, place.vault, place.keys, place.audit, by="cli:ann") == 4
    for number, item in enumerate(kept):
        assert place.read(item) == f"line {number}".encode()


def test_several_may_rewrap_at_once(place: Place) -> None:
    kept = [place.keep(f"line {number}".encode()) for number in range(12)]
    rotate(place.keys, place.audit, by="cli:ann")
    with ThreadPoolExecutor(3) as pool:
        each = pool.map(
            lambda _: rewrap(place.items, place.vault, place.keys, place.audit, by="cli:ann"),
            range(3),
        )
        assert sum(each) == 12
    for number, item in enumerate(kept):
        assert place.read(item) == f"line {number}".encode()


def test_a_drill_counts_what_a_copy_of_the_keys_would_lose(place: Place) -> None:
    place.keep(b"one")
    place.keep(b"two")
    old = place.keys.current()
    assert drill(place.items, place.keys) == Drilled(opened=2, lost={})
    copy = MemoryKeys()
    copy._keys = dict(place.keys._keys)
    new = rotate(place.keys, place.audit, by="cli:ann")
    place.keep(b"three")
    assert drill(place.items, copy) == Drilled(opened=2, lost={new: 1})
    assert drill(place.items, MemoryKeys()) == Drilled(opened=0, lost={old: 2, new: 1})


def test_keys_that_are_missing_are_shown(place: Place) -> None:
    place.keep()
    old = place.keys.current()
    standings = key_standings(place.items, MemoryKeys())
    assert [(one.known, one.objects) for one in standings] == [(True, 0), (False, 1)]
    assert standings[1].id == old
