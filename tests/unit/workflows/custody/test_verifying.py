from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tutela.evidence.vault.store import StoreUnavailable, blob_name
from tutela.model.custody.leaf import AuditKind
from tutela.workflows.custody.verifying import verify

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


def test_a_sound_vault_is_read_through_and_that_is_written_down(place: Place) -> None:
    place.keep(b"one")
    place.keep(b"one")
    place.keep(b"three")
    sizes: list[int] = []
    found = verify(place.items, place.vault, place.audit, by="cli:ann", progress=sizes.append)
    assert (found.objects, found.bytes, found.faults, sorted(sizes)) == (2, 8, (), [3, 5])
    (leaf,) = place.leaves(AuditKind.VERIFY)
    assert (leaf.by, leaf.subject) == ("cli:ann", "vault")
    assert leaf.data == {"objects": 2, "bytes": 8, "faults": 0}


def damage(place: Place, item_id: str, change: Callable[[bytes], bytes | None]) -> None:
    stored = place.items.object_of(item_id)
    assert stored is not None
    name = blob_name(stored.address, stored.id)
    changed = change(b"".join(place.store.get(name)))
    place.store.delete(name)
    if changed is not None:
        place.store.put(name, [changed])


def flipped(blob: bytes) -> bytes:
    return blob[:-1] + bytes([blob[-1] ^ 1])


@pytest.mark.parametrize(
    ("change", "code"),
    [(flipped, "damaged"), (lambda blob: blob[:-1], "damaged"), (lambda _: None, "blob-missing")],
)
def test_each_object_that_is_not_as_it_was_is_named(
    place: Place, change: Callable[[bytes], bytes | None], code: str
) -> None:
    first, second, sound = place.keep(b"one"), place.keep(b"one"), place.keep(b"three")
    damage(place, first.id, change)
    found = verify(place.items, place.vault, place.audit, by="cli:ann")
    (fault,) = found.faults
    assert (fault.object_id, fault.code) == (first.object_id, code)
    assert fault.items == (first.id, second.id)
    assert place.read(sound) == b"three"
    subjects = [leaf.subject for leaf in place.leaves(AuditKind.VERIFY)]
    assert subjects == ["vault", first.id, second.id]


def test_a_key_that_is_missing_is_named(place: Place) -> None:
    old = place.keep(b"one")
    key = place.keys.current()
    place.keys.rotate()
    place.keep(b"two")
    place.keys.retire(key)
    (fault,) = verify(place.items, place.vault, place.audit, by="cli:ann").faults
    assert (fault.object_id, fault.code) == (old.object_id, "wrong-key")


def test_a_store_that_is_away_says_nothing_of_objects(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.keep()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the store does not answer")

    monkeypatch.setattr(place.store, "get", away)
    with pytest.raises(StoreUnavailable):
        verify(place.items, place.vault, place.audit, by="cli:ann")
    assert place.leaves(AuditKind.VERIFY) == []
