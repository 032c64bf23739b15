"""What is shown is never weaker than the floor, nor than what a person wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput
from tutela.model.review.protection import (
    BLURS,
    SIZES,
    Floor,
    Protection,
    check_protection,
    effective,
)

parts = {
    "blur": st.sampled_from(BLURS),
    "size": st.sampled_from(SIZES),
    **{name: st.booleans() for name in ("grey", "mute", "region", "sheet")},
}


def strength(one: Protection | Floor) -> tuple[int, ...]:
    """Each part as a number, more being stronger."""
    return (one.blur, -one.size, one.grey, one.mute, one.region, one.sheet)


@given(st.builds(Protection, **parts), st.builds(Floor, **parts))
def test_the_stronger_of_each_part_is_in_force(wanted: Protection, floor: Floor) -> None:
    shown = strength(effective(wanted, floor))
    assert shown == tuple(map(max, strength(wanted), strength(floor)))
    if shown == strength(wanted):
        check_protection(wanted, floor)
    else:
        with pytest.raises(InvalidInput):
            check_protection(wanted, floor)


def test_who_chose_nothing_has_the_strongest() -> None:
    strongest = effective(None, Floor())
    assert strongest == Protection()
    assert strength(strongest) == (max(BLURS), -min(SIZES), True, True, True, True)


def test_a_refusal_names_what_is_too_weak() -> None:
    with pytest.raises(InvalidInput, match="blur, size"):
        check_protection(Protection(blur=0, size=384), Floor(blur=1, size=192))
    with pytest.raises(InvalidInput, match="no such size"):
        check_protection(Protection(size=4000), Floor())
