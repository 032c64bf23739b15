"""The lines that the generator strews, by language."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Literal

import msgspec

from tutela.errors import InvalidInput
from tutela.model.record import Record

LANGUAGES = ("en", "fr")
Side = Literal["adult", "minor", "any"]


class Stratum(Record, frozen=True, kw_only=True):
    """A kind of harmless conversation.

    Attributes:
        ages: of the first who writes, and of everybody else.
        lines: what is written in it.
        people: how many take part.
    """

    ages: tuple[Side, Side]
    lines: tuple[str, ...]
    people: int = 2


class Lines(Record, frozen=True, kw_only=True):
    """Everything that is written in one language.

    Attributes:
        chatter: lines that mean nothing, in every conversation.
        cues: lines by the family of cues that each would trigger.
        strata: kinds of harmless conversations by their name.
        slots: what stands for `{day}` and the like.
    """

    chatter: tuple[str, ...]
    cues: dict[str, tuple[str, ...]]
    strata: dict[str, Stratum]
    slots: dict[str, tuple[str, ...]]


def lines_of(language: str) -> Lines:
    """The lines of a language.

    Raises:
        InvalidInput: there are none in it.
    """
    if language not in LANGUAGES:
        raise InvalidInput(
            "nothing can be made in this language",
            where="language",
            remedy=f"use one of {', '.join(LANGUAGES)}",
        )
    text = resources.files(__package__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Lines)
