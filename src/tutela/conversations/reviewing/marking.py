"""Messages as reviewers see them: cues marked where they stand, and what is sexual masked.

What is masked never reaches the page: whoever uncovers it asks for it, and that is written down.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from msgspec import structs

from tutela.conversations.reviewing.keeping import Said, Talk
from tutela.detection.conversation.cues.cue import Hit
from tutela.detection.text.normalised import Normalised
from tutela.model.conversation.message import Message
from tutela.model.conversation.rating import Stage
from tutela.model.record import Record

MOST_CHARACTERS = 4000
"""Of one message that are shown."""


class Cues(Protocol):
    """The cues of one language: what `CueSet` is."""

    @property
    def language(self) -> str:
        """Whose cues these are: `en`."""

    def find(self, message: Normalised) -> Sequence[Hit]:
        """The cues of a message."""


class Part(Record, frozen=True, kw_only=True):
    """A piece of a message.

    Attributes:
        text: as it was written; empty where it is masked.
        cues: ids of the cues that cover it.
        masked: whether it is kept from the page.
    """

    text: str = ""
    cues: tuple[str, ...] = ()
    masked: bool = False


class Shown(Record, frozen=True, kw_only=True):
    """A message as it is shown.

    Attributes:
        place: in the conversation, from 1, among those that are kept.
        item_id: the item of evidence that holds it.
        message: without its text, of which `parts` has what may be seen.
        parts: the text in pieces, in order.
        cut: characters beyond those that are shown.
        stages: of the cues in it, each once.
    """

    place: int
    item_id: str
    message: Message
    parts: tuple[Part, ...] = ()
    cut: int = 0
    stages: tuple[Stage, ...] = ()

    @property
    def masked(self) -> bool:
        """Whether anything of it is masked."""
        return any(part.masked for part in self.parts)

    @property
    def marked(self) -> bool:
        """Whether there is a cue in it."""
        return any(part.cues for part in self.parts)


class Marking:
    """Finds cues in messages that are shown. Thread-safe; the cues are made at the first use.

    Args:
        make: makes the cue sets, and what normalises texts for them.
    """

    def __init__(
        self, make: Callable[[], tuple[Iterable[Cues], Callable[[str], Normalised]]]
    ) -> None:
        self._make = make
        self._making = threading.Lock()
        self._made: tuple[Mapping[str, Cues], Callable[[str], Normalised]] | None = None

    def shown(
        self, talk: Talk, places: range, language: str, revealed: Collection[int] = ()
    ) -> list[Shown]:
        """Some messages of a conversation as they are shown.

        Args:
            talk: the conversation.
            places: which messages, counted from 0.
            language: of the conversation; where it has no cues, those of all languages are marked.
            revealed: places of messages in which nothing is masked, counted from 0.
        """
        messages = talk.messages[places.start : places.stop]
        return [
            self._one(place, said, language, open_=place in revealed)
            for place, said in enumerate(messages, start=places.start)
        ]

    def _one(self, place: int, said: Said, language: str, *, open_: bool) -> Shown:
        text = said.message.text
        hits = self._hits(text[:MOST_CHARACTERS], language)
        stages = (hit.cue.stage for hit in hits if hit.cue.stage is not None)
        return Shown(
            place=place + 1,
            item_id=said.item_id,
            message=structs.replace(said.message, text=""),
            parts=parts_of(text[:MOST_CHARACTERS], hits, open_=open_),
            cut=max(len(text) - MOST_CHARACTERS, 0),
            stages=tuple(dict.fromkeys(stages)),
        )

    def _hits(self, text: str, language: str) -> list[Hit]:
        if not text:
            return []
        sets, normalise = self._opened()
        own = sets.get(language.replace("_", "-").partition("-")[0].lower())
        normalised = normalise(text)
        looked_in = sets.values() if own is None else (own,)
        return [hit for cues in looked_in for hit in cues.find(normalised)]

    def _opened(self) -> tuple[Mapping[str, Cues], Callable[[str], Normalised]]:
        with self._making:
            if self._made is None:
                sets, normalise = self._make()
                self._made = ({one.language: one for one in sets}, normalise)
            return self._made


def parts_of(text: str, hits: Sequence[Hit], *, open_: bool) -> tuple[Part, ...]:
    """A text cut where cues begin and end; what is of the sexual stage is masked unless `open_`."""
    spans = [hit for hit in hits if 0 <= hit.start < hit.end <= len(text)]
    edges = sorted({0, len(text), *(at for hit in spans for at in (hit.start, hit.end))})
    parts: list[Part] = []
    for start, end in pairwise(edges):
        over = [hit.cue for hit in spans if hit.start <= start and end <= hit.end]
        masked = not open_ and any(cue.stage is Stage.SEXUAL for cue in over)
        cues = tuple(dict.fromkeys(cue.id for cue in over))
        part = Part(text="" if masked else text[start:end], cues=cues, masked=masked)
        if not (masked and parts and parts[-1] == part):
            parts.append(part)
    return tuple(parts)
