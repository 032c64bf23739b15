"""The exact fingerprints of bytes."""

from __future__ import annotations

from tutela.detection.signals.registry import SignalKinds
from tutela.model import Signal


class Digests:
    """The exact fingerprints of bytes that are seen once.

    Args:
        kinds: every kind among them that is made of bytes is made.
    """

    def __init__(self, kinds: SignalKinds) -> None:
        self._kinds = kinds
        self._hashers = [(kind, kind.hasher()) for kind in kinds.byte_kinds]
        self.size = 0

    def update(self, chunk: bytes | memoryview) -> None:
        """Takes the next bytes."""
        self.size += len(chunk)
        for _, hasher in self._hashers:
            hasher.update(chunk)

    def signals(self) -> tuple[Signal, ...]:
        """What they gave. Nothing for no bytes at all: every empty file would match the others."""
        if not self.size:
            return ()
        return tuple(
            Signal(kind=kind.name, value=kind.text(hasher.digest()))
            for kind, hasher in self._hashers
        )
