"""Conversations made for tests: short lines, each with one cue, and cues that find them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.cues.cue import BookedTo, CueFamily, Gate, Hit
from tutela.detection.text.normalised import Normalised
from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.conversation.rating import Stage

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)

CHILD = Participant(id="child", age=12)
ADULT = Participant(id="adult", age=34)


def cue(
    name: str,
    points: float,
    stage: Stage | None,
    *,
    gate: Gate = Gate.ANY,
    booked_to: BookedTo = BookedTo.AUTHOR,
    cap: float | None = None,
) -> CueFamily:
    return CueFamily(
        id=name,
        title=name,
        points=points,
        cap=abs(points) * 2 if cap is None else cap,
        half_life_messages=200,
        half_life_days=21,
        stage=stage,
        gate=gate,
        booked_to=booked_to,
    )


PHRASES = {
    "how old are you": cue("age_asking", 1.0, Stage.PROBING, gate=Gate.GAP),
    "you are so mature": cue("compliment", 1.0, Stage.TRUST, gate=Gate.GAP),
    "i will buy you a skin": cue("gift", 1.0, Stage.TRUST, gate=Gate.GAP),
    "are you home alone": cue("supervision_probe", 2.0, Stage.PROBING),
    "don't tell your parents": cue("secrecy", 2.5, Stage.ISOLATION),
    "delete this chat": cue("deletion", 2.0, Stage.ISOLATION),
    "talk on another app": cue("platform_move", 1.5, Stage.ISOLATION),
    "send me a picture": cue("image_request", 2.5, Stage.SEXUAL),
    "<sexual:1>": cue("sexual_talk", 3.0, Stage.SEXUAL),
    "come on just once": cue("persistence", 1.5, Stage.COERCION),
    "i will show everybody": cue("threat", 3.5, Stage.COERCION),
    "send me money": cue("payment_demand", 3.0, Stage.COERCION),
    "let us meet": cue("meeting", 2.0, Stage.APPROACH, gate=Gate.GAP),
    "i pick you up": cue("transport", 1.5, Stage.APPROACH, gate=Gate.GAP),
    "i am 12": cue("minor_age_told", 0.0, None, booked_to=BookedTo.OTHERS),
    "i am much older": cue("age_gap_told", 1.0, Stage.TRUST),
    "no i don't want": cue("refusal", 0.5, None, booked_to=BookedTo.OTHERS),
    "ask your mum first": cue("guardian_included", -2.0, None),
}


class HandMade:
    """Cues that are found by their words, to test what is made of them."""

    def __init__(self, language: str = "en", phrases: dict[str, CueFamily] | None = None) -> None:
        self.language = language
        self.name = f"{language} 1 handmade"
        self._phrases = PHRASES if phrases is None else phrases

    def find(self, message: Normalised) -> Sequence[Hit]:
        return [
            Hit(family, at, at + len(phrase))
            for phrase, family in self._phrases.items()
            if (at := message.text.find(phrase)) >= 0
        ]


def plain(text: str) -> Normalised:
    return Normalised(text, text.lower(), array("I"), array("I"), hidden=text.count("\u200b"))


def talk(
    *lines: tuple[str, str],
    participants: tuple[Participant, ...] = (CHILD, ADULT),
    language: str = "en",
    minutes: float = 1.0,
) -> Conversation:
    """A conversation of `(author, text)`, a message each minute; `[picture]` carries one."""
    messages = tuple(
        Message(
            author=author,
            text="" if text == "[picture]" else text,
            time=START + timedelta(minutes=minutes * place),
            media=text == "[picture]",
        )
        for place, (author, text) in enumerate(lines)
    )
    return Conversation(id="c1", language=language, participants=participants, messages=messages)


def chatter(count: int) -> list[tuple[str, str]]:
    """Lines that say nothing, from both in turn."""
    words = ("nice weather today", "did you see the match", "homework is done", "ok")
    return [(("child", "adult")[n % 2], f"{words[n % 4]} {n}") for n in range(count)]


def made_rater(*cues: HandMade, calibration: Calibration = PRIOR) -> CueRater:
    """A rater with cues made by hand."""
    return CueRater(cues or [HandMade()], plain, calibration=calibration)
