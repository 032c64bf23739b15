"""Merkle trees as in RFC 9162, section 2.1: hashes, a tree that grows at its right edge, proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
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


class Span(NamedTuple):
    """The leaves from `start` up to, not including, `stop`."""

    start: int
    stop: int


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Whose roots prove that a leaf is in a tree (RFC 9162, 2.1.3.1), in the order of the proof.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    start, stop, spans = 0, size, []
    while stop - start > 1:
        middle = start + _left(stop - start)
        if index < middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[Span]:
    """Whose roots prove that a tree is the beginning of another (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: the first tree is empty or larger than the second.
    """
    if not 0 < first <= second:
        raise ValueError("only a tree with leaves can be the beginning of another")
    start, stop, spans = 0, second, []
    while stop != first:
        middle = start + _left(stop - start)
        if first <= middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:  # else the verifier has this root: it is that of the first tree
        spans.append(Span(start, stop))
    return spans[::-1]


def complete(span: Span) -> Iterator[tuple[int, int]]:
    """Height and position of the complete subtrees that a proof's span is made of, largest first.

    Args:
        span: begins at a multiple of the largest power of two that it holds, as a proof's do.
    """
    start = span.start
    while start < span.stop:
        height = (span.stop - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether a leaf, by its hash, stands at an index of the tree of a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, leaf
    for one in proof:
        if not last:
            return False
        if position & 1 or position == last:
            found = node_hash(one, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, one)
        position, last = position >> 1, last >> 1
    return not last and found == root


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the tree of one root is the beginning of that of another (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    # The root of a complete first tree is the verifier's own, and so not in the proof.
    hashes = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    if not hashes:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for one in hashes[1:]:
        if not last:
            return False
        if position & 1 or position == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, one)
        position, last = position >> 1, last >> 1
    return not last and old == first_root and new == second_root


def _left(size: int) -> int:
    """Leaves of the left subtree: the largest power of two below the size, which is 2 or more."""
    return 1 << (size - 1).bit_length() - 1
