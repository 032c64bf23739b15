"""Settings of how conversations are rated, and of what is kept of them."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class ConversationSettings(Section, frozen=True, kw_only=True):
    """Conversations that are rated as they go on."""

    enabled: Annotated[
        bool, setting("whether messages are taken in and conversations are rated at all")
    ] = True
    rater: Annotated[str, setting("what rates conversations: cues, or an extension's name")] = (
        "cues"
    )
    cues_folder: Annotated[
        str,
        setting("folder with cue files and lexicons of your own; empty means the shipped cues"),
    ] = ""
    floor: Annotated[
        float,
        setting(
            "rating from which a conversation is an event that the policy decides about, each "
            "time that its highest rating rises",
            "of 10",
            ge=0.1,
            le=10,
        ),
    ] = 3.0
    states_days: Annotated[
        int,
        setting(
            "how long features of a conversation or an actor are kept after the last message",
            "days",
            ge=1,
            le=3650,
        ),
    ] = 90
    alerts_days: Annotated[
        int,
        setting(
            "how long a rating with its reasons is kept after it was an event; longer while its "
            "case waits",
            "days",
            ge=1,
            le=3650,
        ),
    ] = 365
