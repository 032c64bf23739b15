from __future__ import annotations

from tutela.drill.run import LookBack


def test_a_look_back_says_what_it_missed() -> None:
    past = LookBack(photograph="rotunda", sent=6, found=5)
    assert not past.sound
    assert past.line() == (
        "past: rotunda was listed afterwards, and 5 of 6 earlier uploads of it were found"
    )
    assert LookBack(photograph="rotunda", sent=6, found=6).sound
