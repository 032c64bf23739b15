"""The actions that a decision may name."""

from __future__ import annotations

from enum import StrEnum


class ActionKind(StrEnum):
    """What is to be done. `allow`, `hold` and `block` are asked of the platform in the answer."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"
    OPEN_CASE = "open_case"
