from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.storage.review.filing import near, picture

from tutela.model.review.standing import CaseContent
from tutela.response.review.stacks import stacks
from tutela.storage.review.together.likeness import NEAR


def content(ordinal: int, mark: str = "", pdq: str = "") -> CaseContent:
    return CaseContent(
        case_id="c", event_id="e", ordinal=ordinal, mark=mark or f"own {ordinal}", pdq=pdq
    )


def distance(one: CaseContent, other: CaseContent) -> int:
    return (int(one.pdq, 16) ^ int(other.pdq, 16)).bit_count()


def like(one: CaseContent, other: CaseContent) -> bool:
    near = bool(one.pdq and other.pdq) and distance(one, other) <= NEAR
    return one.mark == other.mark or near


def brute(contents: Sequence[CaseContent]) -> list[list[int]]:
    """The definition, word by word."""
    found: list[list[CaseContent]] = []
    for one in contents:
        equal = [stack for stack in found if stack[0].mark == one.mark]
        close = [stack for stack in found if like(stack[0], one)]
        close.sort(key=lambda stack: distance(stack[0], one) if stack[0].pdq and one.pdq else 0)
        for stack in (equal or close)[:1]:
            stack.append(one)
        if not (equal or close):
            found.append([one])
    return [[one.ordinal for one in stack] for stack in found]


@st.composite
def pictures(draw: st.DrawFn) -> str:
    """None, or one of two pictures with a run of bits turned."""
    if draw(st.integers(0, 5)) == 0:
        return ""
    start, turned = draw(st.integers(0, 60)), draw(st.sampled_from([0, 1, 15, 30, 31, 32, 40]))
    return near(picture(draw(st.integers(0, 1))), range(start, start + turned))


many = st.lists(st.tuples(st.sampled_from(["", "", "m", "n"]), pictures()), max_size=20).map(
    lambda some: [content(at, mark, pdq) for at, (mark, pdq) in enumerate(some)]
)


@given(many)
def test_stacks_are_what_the_definition_says(contents: list[CaseContent]) -> None:
    found = stacks(contents)
    assert [[one.ordinal for one in stack.contents] for stack in found] == brute(contents)


@given(many)
def test_nothing_is_lost_and_everything_is_like_its_representative(
    contents: list[CaseContent],
) -> None:
    found = stacks(contents)
    everything = sorted(one.ordinal for stack in found for one in stack.contents)
    assert everything == list(range(len(contents)))
    assert all(like(stack.first, one) for stack in found for one in stack.contents)
    assert sum(stack.size for stack in found) == len(contents)


def test_a_chain_is_cut() -> None:
    """The last is like the middle one, and unlike the representative: it stands alone."""
    chain = [near(picture(0), range(bits)) for bits in (0, 20, 40)]
    contents = [content(at, pdq=one) for at, one in enumerate(chain)]
    assert [[one.ordinal for one in stack.contents] for stack in stacks(contents)] == [[0, 1], [2]]
