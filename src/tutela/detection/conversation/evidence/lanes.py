"""What cannot wait: a threat minutes after a picture, and a meeting that seems near."""

from __future__ import annotations

from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.cooccurrence import WITH_MEDIA
from tutela.detection.conversation.evidence.gates import GAPS, Relation
from tutela.detection.conversation.evidence.side import Side
from tutela.detection.conversation.evidence.state import MediaState
from tutela.model.conversation.rating import Lane

MEDIA_SECONDS = 3600.0
"""So long after a picture a threat or a demand for payment belongs to it."""
MEDIA_MESSAGES = 30
"""So many messages after it, where times are not known or go backwards."""

APPROACH = ("meeting", "transport")
PREPARING = (
    "secrecy",
    "supervision_probe",
    "deletion",
    "image_request",
    "image_offer",
    "sexual_talk",
    "sexual_explicit",
    "boundary_test",
    "threat",
    "guilt",
)


def follows(media: MediaState | None, place: int, seconds: float | None) -> bool:
    """Whether a message comes soon after the last picture, or carries it."""
    if media is None:
        return False
    if media.seconds is not None and seconds is not None and seconds >= media.seconds:
        return seconds - media.seconds <= MEDIA_SECONDS
    return place - media.message <= MEDIA_MESSAGES


def lane_of(cue: str, side: Side, clock: Clock, between: Relation, *, media: bool) -> Lane | None:
    """The lane that a cue opens, just after it was booked.

    Args:
        media: a picture came so lately that it belongs to it.
    """
    if media and cue in WITH_MEDIA and between is not Relation.ADULTS:
        return Lane.SEXTORTION
    if between in GAPS or between is Relation.UNKNOWN_TO_MINOR:
        meets = [one for one in APPROACH if side.recent(one, clock)]
        prepared = [one for one in PREPARING if side.recent(one, clock)]
        if len(meets) == len(APPROACH) or (meets and prepared):
            return Lane.MEETING
    return None
