"""Messages as the tests of the service hand them in: short lines of school leaflets, a cue each."""

from __future__ import annotations

from typing import Any

from tutela.model import ActionKind, AgeSource
from tutela.model.conversation.batch import NewMessage
from tutela.model.conversation.message import Participant

KIM = Participant(id="kim", age=34, age_source=AgeSource.VERIFIED)
LEA = Participant(id="lea", age=13, age_source=AgeSource.DECLARED)
LINES = (
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "delete this chat",
    "let's talk on another app",
    "can we meet on saturday? i can pick you up",
)
HARMLESS = ("good morning", "did you do the homework?", "the match is on sunday", "see you there")
ALLOWED: dict[str, Any] = {"policy_version": "p-1", "actions": (ActionKind.ALLOW,), "reasons": ()}


def message(number: int, text: str = "good morning", **told: Any) -> NewMessage:  # noqa: ANN401
    facts: dict[str, Any] = {
        "conversation": "talk 1",
        "author": KIM,
        "receivers": (LEA,),
        "language": "en",
        **told,
    }
    return NewMessage(number=number, text=text, **facts)


def rising(**told: Any) -> list[NewMessage]:  # noqa: ANN401
    return [message(number, text, **told) for number, text in enumerate(LINES, 1)]


def harmless(**told: Any) -> list[NewMessage]:  # noqa: ANN401
    return [message(number, text, **told) for number, text in enumerate(HARMLESS, 1)]
