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
