"""Keys in memory: what they wrap is lost with the process. For tests and trials."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

from tutela.evidence.keys.service import DATA_KEY_BYTES, Wrapped
from tutela.evidence.keys.wrapping import (
    derive_from,
    is_current,
    missing_key,
    no_such_key,
    unwrap_with,
    wrap_with,
)


class MemoryKeys:
    """Keys in memory. Thread-safe."""

    name = "memory"

    def __init__(self) -> None:
        self._root = secrets.token_bytes(DATA_KEY_BYTES)
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self.rotate()

    def current(self) -> str:
        """Id of the key that wraps now."""
        return self.key_ids()[-1]

    def key_ids(self) -> Sequence[str]:
        """Ids of all keys, oldest first."""
        with self._lock:
            return tuple(self._keys)

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wrap 32 bytes with the current key, bound to a context."""
        with self._lock:
            key_id, wrapping = list(self._keys.items())[-1]
        return wrap_with(wrapping, key_id, key, context)

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The inverse. Raises `WrongKey`."""
        with self._lock:
            key = self._keys.get(wrapped.key_id)
        if key is None:
            raise missing_key(wrapped.key_id)
        return unwrap_with(key, wrapped, context)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for a purpose, always the same."""
        return derive_from(self._root, purpose)

    def rotate(self) -> str:
        """Make a new current key; its id."""
        key_id = secrets.token_hex(8)
        with self._lock:
            self._keys[key_id] = secrets.token_bytes(DATA_KEY_BYTES)
        return key_id

    def retire(self, key_id: str) -> None:
        """Destroy a key that is not current. Raises `Conflict`, `NotFound`."""
        with self._lock:
            if key_id not in self._keys:
                raise no_such_key(key_id)
            if key_id == list(self._keys)[-1]:
                raise is_current(key_id)
            del self._keys[key_id]

    def close(self) -> None:
        """Forget every key."""
        with self._lock:
            self._keys.clear()
