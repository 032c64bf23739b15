"""The same conversations, written otherwise: how much recall hangs on spelling."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import msgspec

from tutela.model.conversation.message import Labelled, Message

_SHARE: Final = 0.25
_DIGITS: Final = str.maketrans("aeiost", "431057")
_TWINS: Final = str.maketrans("aeopcx", "\u0430\u0435\u043e\u0440\u0441\u0445")
_FACES: Final = ("\U0001f600", "\U0001f642", "\U0001f44d")
_LONGEST: Final = 3

Change = Callable[[str, random.Random], str]


def _digits(word: str, _: random.Random) -> str:
    return word.translate(_DIGITS) if word.isalpha() else word


def _twins(word: str, chance: random.Random) -> str:
    """Some letters as their Cyrillic twins: a word of one script only would be another word."""
    at = chance.randrange(len(word))
    return word[:at] + word[at].translate(_TWINS) + word[at + 1 :]


def _spaced(word: str, _: random.Random) -> str:
    return " ".join(word) if word.isalpha() and len(word) > _LONGEST else word


def _faces(word: str, chance: random.Random) -> str:
    return word + chance.choice(_FACES)


def _stretched(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word))
    return word[:at] + word[at] * 4 + word[at + 1 :] if word.isalpha() else word


PERTURBATIONS: Final[dict[str, Change]] = {
    "digits for letters": _digits,
    "look-alike letters": _twins,
    "letters set apart": _spaced,
    "emoji between words": _faces,
    "stretched words": _stretched,
}
"""Ways of writing that text is put through, by their names."""


def perturbed(labelled: Labelled, change: Change, seed: int) -> Labelled:
    """A conversation with a quarter of its words written otherwise."""
    talk = labelled.conversation
    chance = random.Random(f"{seed}/{talk.id}")  # noqa: S311 - it is to be repeated
    messages = tuple(_message(message, change, chance) for message in talk.messages)
    return msgspec.structs.replace(
        labelled, conversation=msgspec.structs.replace(talk, messages=messages)
    )


def _message(message: Message, change: Change, chance: random.Random) -> Message:
    words = message.text.split(" ")
    text = " ".join(
        change(word, chance) if word and chance.random() < _SHARE else word for word in words
    )
    return msgspec.structs.replace(message, text=text)
