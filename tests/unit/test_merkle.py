"""The tree against the RFC's own definitions, and the vectors of certificate transparency."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.merkle import (
    EMPTY_ROOT,
    Edge,
    Span,
    complete,
    consistency_spans,
    fold,
    inclusion_spans,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def head(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    middle = split(len(leaves))
    return hashlib.sha256(b"\x01" + head(leaves[:middle]) + head(leaves[middle:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), head(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), head(leaves[:middle])]


def subproof(first: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [head(leaves)]
    middle = split(len(leaves))
    if first <= middle:
        return [*subproof(first, leaves[:middle], whole=whole), head(leaves[middle:])]
    return [*subproof(first - middle, leaves[middle:], whole=False), head(leaves[:middle])]


def split(size: int) -> int:
    """The largest power of two smaller than a size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def roots(spans: Sequence[Span], leaves: Sequence[bytes]) -> list[bytes]:
    """The roots of spans, each made of complete subtrees as a log makes them."""
    made = []
    for span in spans:
        parts = [
            head(leaves[position << height : (position + 1) << height])
            for height, position in complete(span)
        ]
        made.append(fold(parts))
    return made


def some(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    edge = Edge()
    for leaf in LEAVES[:size]:
        edge.append(leaf_hash(leaf))
    assert edge.root().hex() == ROOTS[size] == head(LEAVES[:size]).hex()


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert Edge().root() == EMPTY_ROOT == fold([])


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_certificate_transparency(index: int, size: int) -> None:
    proof = roots(inclusion_spans(index, size), LEAVES)
    assert [one.hex() for one in proof] == INCLUSION[index, size]
    root = bytes.fromhex(ROOTS[size])
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_are_those_of_certificate_transparency(first: int, second: int) -> None:
    proof = roots(consistency_spans(first, second), LEAVES)
    assert [one.hex() for one in proof] == CONSISTENCY[first, second]
    old, new = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    assert verify_consistency(first, second, proof, old, new)


@given(st.integers(1, 70).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_an_inclusion_proof_is_the_one_of_the_definition(place: tuple[int, int]) -> None:
    index, size = place
    leaves = some(size)
    proof = roots(inclusion_spans(index, size), leaves)
    assert proof == path(index, leaves)
    leaf, root = leaf_hash(leaves[index]), head(leaves)
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, head([*leaves, b"more"]))
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not verify_inclusion(leaf, size, size, proof, root)
    assert not verify_inclusion(leaf, -1, size, proof, root)
    if proof:
        assert not verify_inclusion(leaf, index, size, proof[:-1], root)
        assert not verify_inclusion(leaf, index ^ 1, size, proof, root)


@given(st.integers(1, 70).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_a_consistency_proof_is_the_one_of_the_definition(sizes: tuple[int, int]) -> None:
    first, second = sizes
    leaves = some(second)
    proof = roots(consistency_spans(first, second), leaves)
    assert proof == subproof(first, leaves)
    old, new = head(leaves[:first]), head(leaves)
    assert verify_consistency(first, second, proof, old, new)
    assert not verify_consistency(first, second, proof, head([*leaves[1:first], b"x"]), new)
    assert not verify_consistency(first, second, proof, old, head([*leaves, b"more"]))
    assert not verify_consistency(first, second, [*proof, new], old, new)
    assert not verify_consistency(0, second, proof, old, new)
    assert not verify_consistency(second + 1, second, proof, old, new)
    if proof:
        assert not verify_consistency(first, second, proof[:-1], old, new)
        assert not verify_consistency(first, second, [], old, new)


@given(st.integers(1, 200))
def test_an_edge_goes_on_from_its_bytes(size: int) -> None:
    edge, leaves = Edge(), some(size)
    for leaf in leaves[: size // 2]:
        edge.append(leaf_hash(leaf))
    again = Edge.from_bytes(edge.size, edge.to_bytes())
    for leaf in leaves[size // 2 :]:
        again.append(leaf_hash(leaf))
    assert again.root() == head(leaves)


@given(st.integers(1, 100))
def test_every_subtree_that_a_leaf_completes_is_told(size: int) -> None:
    edge, leaves, told = Edge(), some(size), {}
    for leaf in leaves:
        told.update({(one.height, one.position): one.root for one in edge.append(leaf_hash(leaf))})
    for (height, position), root in told.items():
        assert root == head(leaves[position << height : (position + 1) << height])
    assert len(told) == sum(size >> height for height in range(size.bit_length()))


def test_what_makes_no_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="one root for each"):
        Edge(3, [b""])
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_spans(3, 3)
    with pytest.raises(ValueError, match="beginning"):
        consistency_spans(0, 3)
    with pytest.raises(ValueError, match="beginning"):
        consistency_spans(4, 3)
