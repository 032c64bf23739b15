"""How much people may uncover, from the settings."""

from __future__ import annotations

from tutela.model.review.protection import Limits
from tutela.settings.review import ProtectionSettings


def limits_of(settings: ProtectionSettings) -> Limits:
    """The limits that the settings state."""
    return Limits(
        severe_items=settings.severe_items_per_day,
        minutes=settings.minutes_per_day,
        pause_after=settings.pause_after_items,
        pause_minutes=settings.pause_minutes,
        longest_seconds=settings.longest_seconds,
        lighter_after=settings.lighter_after_cases,
    )
