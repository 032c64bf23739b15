"""The three-valued verdict."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a check found. An error is never `CLEAR`."""

    MATCH = "match"
    """At least one entry of an enabled bank lies within its bank's distance."""
    CLEAR = "clear"
    """Everything in the content was compared, and nothing matched."""
    NOT_CHECKED = "not_checked"
    """Nothing matched, and at least one part could not be compared; the gaps say why."""
