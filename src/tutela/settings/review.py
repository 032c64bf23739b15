"""Settings of review and of the protection of those who do it."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class ReviewSettings(Section, frozen=True, kw_only=True):
    """How cases are claimed and decided."""

    lease_seconds: Annotated[
        int,
        setting(
            "how long a claimed case waits for its reader; an open page renews it",
            "seconds",
            ge=30,
            le=86_400,
        ),
    ] = 900
    undo_seconds: Annotated[
        int,
        setting(
            "how long a decision can be undone; it counts from then on", "seconds", ge=0, le=3600
        ),
    ] = 60


class ProtectionSettings(Section, frozen=True, kw_only=True):
    """How much suspected material a person may uncover; covered pictures are never limited.

    Nobody knows which numbers are right: they are starting values, to be agreed with the people
    who do the work and with whoever cares for their health.
    """

    severe_items_per_day: Annotated[
        int,
        setting(
            "different severe items that a person may uncover in a day; 0 sets no limit",
            "items",
            ge=0,
            le=100_000,
        ),
    ] = 100
    minutes_per_day: Annotated[
        int,
        setting(
            "how long a person may have things uncovered in a day; 0 sets no limit",
            "minutes",
            ge=0,
            le=1440,
        ),
    ] = 30
    pause_after_items: Annotated[
        int,
        setting(
            "different severe items without a rest after which there is a pause; 0 sets none",
            "items",
            ge=0,
            le=100_000,
        ),
    ] = 20
    pause_minutes: Annotated[
        int,
        setting(
            "how long a pause is; a rest as long as this starts the count anew",
            "minutes",
            ge=1,
            le=720,
        ),
    ] = 10
    longest_seconds: Annotated[
        int,
        setting(
            "a picture is covered again after so long; one whose end is never told counts for it",
            "seconds",
            ge=1,
            le=3600,
        ),
    ] = 30
    lighter_after_cases: Annotated[
        int,
        setting(
            "severe cases in a row after which a lighter one comes, if one waits; 0 for never",
            "cases",
            ge=0,
            le=1000,
        ),
    ] = 5
    support: Annotated[
        str,
        setting("where people find support, as their own page says it: a name, number or address"),
    ] = ""
