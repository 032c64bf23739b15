"""Merkle trees as in RFC 9162, section 2.1: hashes, and a tree that grows at its right edge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Subtree(NamedTuple):
    """A complete subtree: `2 ** height` leaves, the first of them `position * 2 ** height`."""

    height: int
    position: int
    root: bytes


class Edge:
    """The right edge of a tree: all that is needed to append, and to know the root.

    Args:
        size: leaves so far.
        roots: roots of the complete subtrees that make it up, largest first: one for each bit of
            `size` that is set.

    Raises:
        ValueError: the two do not belong together.
    """

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)
        if len(self._roots) != size.bit_count():
            raise ValueError("the edge of a tree needs one root for each set bit of its size")

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> Edge:
        """The inverse of `to_bytes`."""
        return cls(size, (packed[at : at + 32] for at in range(0, len(packed), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """The roots, one after the other."""
        return b"".join(self._roots)

    def append(self, leaf: bytes) -> list[Subtree]:
        """Add a leaf by its hash; every subtree that it completes, the leaf itself first."""
        height, position = 0, self.size
        done = [Subtree(height, position, leaf)]
        while position & 1:
            height, position = height + 1, position >> 1
            done.append(Subtree(height, position, node_hash(self._roots.pop(), done[-1].root)))
        self._roots.append(done[-1].root)
        self.size += 1
        return done

    def root(self) -> bytes:
        """Root of the whole tree."""
        return fold(self._roots)


def fold(roots: Sequence[bytes]) -> bytes:
    """Root of the tree that subtrees make up, largest first."""
    if not roots:
        return EMPTY_ROOT
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root
