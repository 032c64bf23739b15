"""In which order cases are offered: a number, greater first, made of what a case is about.

Imminent danger comes before everything; then how many people it reaches, in powers of two; then how
grave it is. Between equal cases the older comes first.
"""

from __future__ import annotations

from tutela.model import Severity

GRAVITY = tuple(Severity)
IMMINENT = 1 << 16
REACH = 1 << 8


def score_of(*, imminent: bool, reach: int, severity: Severity) -> int:
    """The score of a case.

    Args:
        imminent: whether somebody is in danger now.
        reach: events of the case, and people who were to receive them.
        severity: how grave it is.
    """
    return (
        imminent * IMMINENT + min(max(reach, 1).bit_length(), 31) * REACH + GRAVITY.index(severity)
    )


def graver(one: Severity, other: Severity) -> Severity:
    """The graver of two."""
    return max(one, other, key=GRAVITY.index)
