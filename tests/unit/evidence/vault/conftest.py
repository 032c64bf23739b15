from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed, StoredObject

CREATED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


class Opened(NamedTuple):
    """A vault in memory, with what it stands on."""

    vault: Vault
    store: MemoryStore
    keys: MemoryKeys

    def replace(self, name: str, content: bytes) -> None:
        """Put other bytes under a name, as somebody with access to the store might."""
        self.store.delete(name)
        self.store.put(name, [content])


def as_stored(sealed: Sealed) -> StoredObject:
    return StoredObject(
        id=sealed.id,
        address=sealed.address,
        size=sealed.size,
        wrapped=sealed.wrapped,
        key_id=sealed.key_id,
        created_at=CREATED_AT,
    )


@pytest.fixture
def stored() -> Callable[[Sealed], StoredObject]:
    """Makes of a sealed object what the database makes of it."""
    return as_stored


@pytest.fixture
def open_vault() -> Callable[[int], Opened]:
    """Opens empty vaults with chunks of a length."""

    def opened(chunk_bytes: int) -> Opened:
        store, keys = MemoryStore(), MemoryKeys()
        return Opened(Vault(store, keys, chunk_bytes=chunk_bytes), store, keys)

    return opened
