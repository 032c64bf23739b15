"""What says more together than each alone.

A pair adds its points once, when the second of both is seen while the first is not forgotten; the
order does not matter. No pair is needed for a rating, and none must be complete: it is more
evidence among other.
"""

from __future__ import annotations

from tutela.detection.conversation.cues.cue import CueFamily
from tutela.model.conversation.rating import Stage

HALF_LIFE_MESSAGES = 300.0
HALF_LIFE_DAYS = 30.0
"""So long half of the points of a pair is left, and so long its first cue is not forgotten."""

MOST = 10.0
"""All pairs of one author add at most so many points at a time."""

MEDIA = "media"
"""Stands for a picture or a video that was sent, in the name of a pair."""
GAP = "age_gap"
"""Stands for an adult writing to a minor."""
HIDDEN = "hidden_writing"
"""Stands for writing that hides what it says from machines."""

_PAIRS: tuple[tuple[str, str, float], ...] = (
    ("age_asking", "image_request", 1.5),
    ("age_asking", "supervision_probe", 0.75),
    ("contact_details", "supervision_probe", 1.0),
    ("deletion", "image_request", 2.0),
    ("deletion", "platform_move", 1.0),
    ("discomfort", "persistence", 1.5),
    ("discomfort", "sexual_explicit", 1.5),
    ("discomfort", "sexual_talk", 1.5),
    ("exclusivity", "secrecy", 1.5),
    ("gift", "image_request", 2.0),
    ("gift", "meeting", 1.0),
    ("gift", "secrecy", 1.5),
    ("guilt", "image_request", 2.0),
    ("image_request", "secrecy", 3.0),
    ("image_request", "supervision_probe", 2.0),
    ("image_request", "threat", 2.5),
    ("listening_check", "platform_move", 1.0),
    ("listening_check", "sexual_explicit", 1.5),
    ("listening_check", "sexual_talk", 1.5),
    ("meeting", "secrecy", 2.0),
    ("meeting", "supervision_probe", 1.5),
    ("meeting", "transport", 1.0),
    ("image_request", "minor_age_told", 2.0),
    ("meeting", "minor_age_told", 1.0),
    ("minor_age_told", "sexual_explicit", 2.5),
    ("minor_age_told", "sexual_talk", 2.5),
    ("payment_demand", "threat", 2.0),
    ("persistence", "refusal", 1.5),
    ("place_probe", "supervision_probe", 0.75),
    ("platform_move", "secrecy", 1.0),
    ("platform_move", "supervision_probe", 1.5),
    ("secrecy", "sexual_explicit", 2.0),
    ("secrecy", "sexual_talk", 2.0),
    ("secrecy", "supervision_probe", 1.5),
)

WITH_MEDIA = {"payment_demand": 4.0, "threat": 3.0}
"""What a picture that was sent minutes before makes heavier."""

WITH_GAP = {
    "gift": 1.0,
    "image_request": 1.5,
    "meeting": 1.0,
    "sexual_explicit": 1.5,
    "sexual_talk": 1.5,
}
"""What is heavier when an adult says it to a minor."""

WITH_HIDDEN = {"contact_details": 0.75, "platform_move": 0.75}
"""What is heavier when it is written so that machines do not see it."""


def _both_ways() -> dict[str, tuple[tuple[str, str, float], ...]]:
    partners: dict[str, list[tuple[str, str, float]]] = {}
    for first, second, points in _PAIRS:
        name = f"{first}+{second}"
        partners.setdefault(first, []).append((second, name, points))
        partners.setdefault(second, []).append((first, name, points))
    return {cue: tuple(found) for cue, found in partners.items()}


PARTNERS = _both_ways()
"""For each cue: the other of a pair, the pair's name, and its points."""


def family(name: str, points: float, stage: Stage | None) -> CueFamily:
    """A pair as a cue of its own: its points are its cap."""
    return CueFamily(
        id=name,
        title=name,
        points=points,
        cap=points,
        half_life_messages=HALF_LIFE_MESSAGES,
        half_life_days=HALF_LIFE_DAYS,
        stage=stage,
    )
