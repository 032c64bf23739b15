"""Why a rating is as it is, in plain words: one sentence for each ground.

The sentences speak of what was written, never of what somebody is.
"""

from __future__ import annotations

from tutela.detection.conversation.evidence.cooccurrence import GAP, HIDDEN, MEDIA
from tutela.model.conversation.rating import (
    AgeGap,
    Band,
    ConversationRating,
    Ground,
    KnownAges,
    Lane,
    Stage,
)

CUES = {
    "age_asking": "asks for the age",
    "age_telling": "tells their own age",
    "minor_age_told": "tells an age below 18",
    "age_gap_told": "says that they are older",
    "supervision_probe": "asks who is near or who looks on",
    "place_probe": "asks where the other lives or goes to school",
    "secrecy": "asks to keep a secret",
    "deletion": "asks to delete messages",
    "platform_move": "asks to move to another app",
    "contact_details": "gives or asks for contact details",
    "exclusivity": "says that only they understand the other",
    "compliment": "pays compliments on looks or maturity",
    "gift": "offers a gift or money",
    "listening_check": "asks whether somebody listens or records",
    "image_request": "asks for a picture",
    "image_offer": "offers a picture",
    "sexual_hint": "uses a mild word from the operator's list of sexual words",
    "sexual_talk": "uses a word from the operator's list of sexual words",
    "sexual_explicit": "uses a grave word from the operator's list of sexual words",
    "boundary_test": "tries how far the other goes along",
    "persistence": "insists after a no",
    "guilt": "makes the other feel guilty",
    "threat": "threatens",
    "payment_demand": "demands money",
    "meeting": "proposes to meet",
    "transport": "offers to fetch the other, or explains the way",
    "relationship_talk": "speaks of a relationship between both",
    "refusal": "says no",
    "discomfort": "says that they do not feel well with it",
    "supervised_told": "tells that somebody looks on",
    "guardian_included": "includes parents or guardians",
    "known_role": "writes as somebody whom the family knows, such as a teacher",
    "refusal_respected": "accepts a no",
    "family_logistics": "arranges everyday things of a family",
    "public_meeting": "proposes a public place, with others",
    "wording": "is worded like messages of conversations that people raised before",
    "encoder": "is worded so that the operator's encoder tells it from others",
}
"""What the author of a message does in it, after their name. A cue of an operator shows its id."""

SPECIAL = {
    MEDIA: "soon after a picture was sent",
    GAP: "as an adult to a minor",
    HIDDEN: "in writing that hides it from machines",
}

STAGES = {
    Stage.TRUST: "building trust",
    Stage.PROBING: "probing",
    Stage.ISOLATION: "isolating",
    Stage.SEXUAL: "sexual content",
    Stage.COERCION: "coercion",
    Stage.APPROACH: "meeting in person",
}

LANES = {
    Lane.SEXTORTION: "A threat or a demand for money came soon after a picture.",
    Lane.MEETING: "A meeting between an older and a younger person may be near.",
}

BANDS = {
    Band.LOW: "low",
    Band.RAISED: "raised",
    Band.HIGH: "high",
    Band.CRITICAL: "critical",
}

_KNOWN = {
    KnownAges.KNOWN: "by the ages that the platform knows",
    KnownAges.ESTIMATED: "by ages that are estimated or were told in the conversation",
    KnownAges.UNKNOWN: "ages are not known",
}


def of_ground(ground: Ground) -> str:
    """One ground in a sentence, such as "Message 4, adult: asks to keep a secret (+2.0)"."""
    told = f"{of_cue(ground.cue)} ({ground.points:+.1f})"
    return f"Message {ground.message + 1}, {_author(ground.author)}: {told}."


def of_cue(cue: str) -> str:
    """What a cue or a pair of cues means, in a few words."""
    parts = cue.split("+")
    special = [SPECIAL[part] for part in parts if part in SPECIAL]
    plain = [CUES.get(part, part) for part in parts if part not in SPECIAL]
    if len(plain) > 1:
        plain = [f"both {plain[0]}", *plain[1:]]
    return " ".join([" and ".join(plain), *special])


def of_ages(gap: AgeGap) -> str:
    """What is known of the ages on both sides, in a sentence."""
    if gap.adult_to_minor is None:
        return "The ages on both sides are not known; what depends on them counted in part."
    who = "An adult writes to a minor" if gap.adult_to_minor else "No adult writes to a minor"
    years = "" if gap.years is None else f", {gap.years} years apart"
    return f"{who}{years}, {_KNOWN[gap.knowledge]}."


def of_rating(rating: ConversationRating) -> tuple[str, ...]:
    """Everything that explains a rating, one sentence each, the weightiest first."""
    if rating.not_enough_evidence is not None:
        return (f"There is no rating: {rating.not_enough_evidence.detail}.",)
    return (
        *(LANES[lane] for lane in rating.lanes),
        *(of_ground(ground) for ground in rating.reasons),
        of_ages(rating.age_gap),
        *_reach(rating),
    )


def _reach(rating: ConversationRating) -> tuple[str, ...]:
    if rating.fan_out < 2:  # noqa: PLR2004 - one is this conversation
        return ()
    return (f"Like messages went to {rating.fan_out} people.",)


def _author(author: str) -> str:
    return author or "somebody unknown"
