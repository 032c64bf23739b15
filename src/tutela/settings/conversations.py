"""Settings of how conversations are rated, and of what is kept of them."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class ConversationSettings(Section, frozen=True, kw_only=True):
    """Conversations that are rated as they go on."""

    enabled: Annotated[
        bool, setting("whether messages are taken in and conversations are rated at all")
    ] = True
    rater: Annotated[
        str, setting("what rates conversations: cues, learned, or an extension's name")
    ] = "cues"
    cues_folder: Annotated[
        str,
        setting("folder with cue files and lexicons of your own; empty means the shipped cues"),
    ] = ""
    model_folder: Annotated[
        str,
        setting("folder of the model that `learned` uses, as tutela conversations train made it"),
    ] = ""
    encoder_folder: Annotated[
        str,
        setting(
            "folder of an encoder (ONNX) that is asked about what the rater rates high; empty asks "
            "none"
        ),
    ] = ""
    encoder_sha256: Annotated[
        str,
        setting(
            "digest (SHA-256) of the encoder's card.json, which names those of its other files",
            pattern=r"^([0-9a-f]{64})?\Z",
            form="64 hexadecimal digits in lower case",
        ),
    ] = ""
    encoder_threads: Annotated[
        int, setting("threads that the encoder may use for one message", "threads", ge=1, le=64)
    ] = 1
    terms_folder: Annotated[
        str,
        setting("folder with your own term lists for text that is shown to many; empty means none"),
    ] = ""
    emoji_file: Annotated[
        str,
        setting("file that says what emoji stand for among your users; empty means their names"),
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
    case_minutes: Annotated[
        float,
        setting(
            "what a reviewer needs for a case of a conversation: measure your own; simulations "
            "reckon with it",
            "minutes",
            ge=0.1,
            le=480,
        ),
    ] = 6.0
