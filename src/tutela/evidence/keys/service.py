"""The Protocol of key services. A key service never gives its own keys away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from tutela.errors import TutelaError, Unavailable
from tutela.model.record import Record

DATA_KEY_BYTES = 32
"""Keys of objects: AES-256."""


class KeyUnavailable(Unavailable):
    """The key service cannot be reached, or refuses for now; trying again later may work."""

    code: ClassVar[str] = "key-unavailable"


class WrongKey(TutelaError):
    """The key service lacks the key that wrapped something, or what was wrapped is damaged."""

    code: ClassVar[str] = "wrong-key"


class Wrapped(Record, frozen=True, kw_only=True):
    """A wrapped key, and the id of the key that wrapped it."""

    key_id: str
    data: bytes


class KeyService(Protocol):
    """Wraps and unwraps keys of objects. Thread-safe."""

    name: str
    """As in the setting `vault.keys`."""

    def current(self) -> str:
        """Id of the key that wraps now. Raises `KeyUnavailable`."""
        ...

    def key_ids(self) -> Sequence[str]:
        """Ids of all keys that can unwrap, oldest first. Raises `KeyUnavailable`."""
        ...

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wrap 32 bytes with the current key, bound to a context. Raises `KeyUnavailable`."""
        ...

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The inverse; raises `WrongKey` for another key, context or altered data."""
        ...

    def derive(self, purpose: str) -> bytes:
        """32 bytes that are always the same for a purpose, and survive every rotation.

        The keyed digest that addresses objects is made with them. Raises `KeyUnavailable`.
        """
        ...

    def rotate(self) -> str:
        """Make a new current key; the old ones still unwrap. Its id. Raises `KeyUnavailable`."""
        ...

    def retire(self, key_id: str) -> None:
        """Destroy a key that is not current: what it alone wrapped is gone for ever.

        What is being sealed now may have been wrapped before the last rotation and stand in no
        table yet: a key is to be retired only when it was not current for longer than any seal
        and its recording take, and then no object names it.

        Raises:
            Conflict: it is the current key.
            NotFound: there is no such key.
            KeyUnavailable: not now.
        """
        ...

    def close(self) -> None:
        """Forget everything in memory."""
        ...
