"""Replay: each conversation is rated message by message, as if it were going on now."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

import msgspec
import numpy as np

from tutela.detection.conversation.evaluation.grouping import Groups
from tutela.detection.conversation.evaluation.measures import Flags, Floats, Whole
from tutela.detection.conversation.rater import Rater
from tutela.model.conversation.message import Conversation, Labelled, Message

LOOKS: Final = (5, 10, 20, 50)
"""Numbers of messages after which the figures are told."""

Find = Callable[[str, str], Iterable[str]]
"""Names the cues in a text of a language: `find(text, language)`."""


class Trajectories:
    """Running maxima of what conversations were rated: only where they rise.

    A running maximum is what a threshold meets: an alert that was raised is not taken back.
    """

    def __init__(self) -> None:
        self._conversation = array("q")
        self._at = array("q")
        self._to = array("d")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def begin(self) -> None:
        """The next conversation; nothing was rated in it yet."""
        self._count += 1
        self._top = 0.0

    def rated(self, messages: int, value: float) -> None:
        """The value after so many messages."""
        if value > self._top:
            self._top = value
            self._conversation.append(self._count - 1)
            self._at.append(messages)
            self._to.append(value)

    def peaks(self, messages: int | None = None) -> Floats:
        """The highest value of each within so many messages, or within all."""
        conversation, at, to = self._arrays()
        seen = np.ones(len(at), dtype=np.bool_) if messages is None else at <= messages
        found = np.zeros(self._count)
        np.maximum.at(found, conversation[seen], to[seen])
        return found

    def after(self, threshold: float) -> Floats:
        """After how many messages each reaches the threshold; infinite where it never does."""
        conversation, at, to = self._arrays()
        over = to >= threshold
        found = np.full(self._count, np.inf)
        np.minimum.at(found, conversation[over], at[over].astype(np.float64))
        return found

    def _arrays(self) -> tuple[Whole, Whole, Floats]:
        return (
            np.array(self._conversation, dtype=np.int64),
            np.array(self._at, dtype=np.int64),
            np.array(self._to, dtype=np.float64),
        )


class Rows:
    """What a baseline sees of a conversation after some of its messages."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._conversation = array("q")
        self._messages = array("q")
        self._cells = array("f")

    def add(self, conversation: int, messages: int, cells: Sequence[float]) -> None:
        """A row: `cells` are its features after so many messages."""
        self._conversation.append(conversation)
        self._messages.append(messages)
        self._cells.extend(cells)

    @property
    def conversation(self) -> Whole:
        """The conversation of each row."""
        return np.array(self._conversation, dtype=np.int64)

    @property
    def messages(self) -> Whole:
        """After how many messages each row was taken."""
        return np.array(self._messages, dtype=np.int64)

    @property
    def cells(self) -> Floats:
        """The features: one row each, `width` columns."""
        flat = np.array(self._cells, dtype=np.float32)
        return flat.reshape(-1, self._width).astype(np.float64)


class Replayed:
    """Everything that the figures are made from; no text is in it.

    Args:
        cues: families whose finds the lexicon-only baseline counts.

    Attributes:
        digests: of what could be rated in each file, as the card of a learned model has it.
    """

    def __init__(self, cues: Sequence[str]) -> None:
        self.cues = tuple(cues)
        self.trajectories = Trajectories()
        self.metadata = Rows(len(METADATA))
        self.lexicon = Rows(max(len(self.cues), 1))
        self.groups = Groups()
        self.digests: list[str] = []
        self.unlabelled = 0
        self.synthetic = 0
        self.missing: Counter[str] = Counter()
        self.sources: Counter[tuple[str, bool]] = Counter()
        self.authors: list[str] = []
        self.strata: list[str] = []
        self._truth = array("b")
        self._lengths = array("q")
        self._onsets = array("q")
        self._chances = array("d")

    def __len__(self) -> int:
        return len(self._truth)

    @property
    def truth(self) -> Flags:
        """The label of each."""
        return np.array(self._truth, dtype=np.bool_)

    @property
    def lengths(self) -> Whole:
        """How many messages each has."""
        return np.array(self._lengths, dtype=np.int64)

    @property
    def onsets(self) -> Whole:
        """Number (from 1) of the message that first shows it; 0 where that is not told."""
        return np.array(self._onsets, dtype=np.int64)

    @property
    def chances(self) -> Floats:
        """The probability at the end of each; NaN where there was not enough evidence."""
        return np.array(self._chances, dtype=np.float64)

    def take(self, labelled: Labelled, rater: Rater, find: Find | None) -> bool:
        """Replay one conversation; one without a label is only counted.

        Returns:
            Whether it has a label and was rated: a rater could have learnt from it.
        """
        if labelled.label is None:
            self.unlabelled += 1
            return False
        self._truth.append(labelled.label)
        self._lengths.append(len(labelled.conversation.messages))
        self._onsets.append(0 if labelled.onset is None else labelled.onset + 1)
        self.strata.append("" if labelled.label else labelled.stratum)
        self.synthetic += labelled.synthetic
        self.sources[labelled.source, labelled.label] += 1
        self.groups.add(labelled)
        self._look(labelled.conversation, find)
        return self._rate(labelled.conversation, rater)

    def _rate(self, talk: Conversation, rater: Rater) -> bool:
        running = rater.begin(talk.id, talk.participants, talk.language)
        self.trajectories.begin()
        for number, message in enumerate(talk.messages, 1):
            running.add(message)
            self.trajectories.rated(number, running.value())
        rating = running.rating()
        self.authors.append(rating.author)
        self._chances.append(np.nan if rating.probability is None else rating.probability)
        if rating.not_enough_evidence is not None:
            self.missing[rating.not_enough_evidence.reason.value] += 1
        return rating.not_enough_evidence is None

    def _look(self, talk: Conversation, find: Find | None) -> None:
        outside = _Outside()
        counted: Counter[str] = Counter()
        for number, message in enumerate(talk.messages, 1):
            outside.add(message)
            if find is not None and message.text:
                counted.update(find(message.text, talk.language))
            if number in LOOKS or number == len(talk.messages):
                place = len(self) - 1
                self.metadata.add(place, number, outside.features())
                cells = [float(np.log1p(counted[cue])) for cue in self.cues]
                self.lexicon.add(place, number, cells or [0.0])


METADATA: Final = (
    "messages",
    "authors",
    "seconds between messages",
    "share of the busiest author",
    "length of messages",
    "media",
)
"""What a baseline sees that reads no word."""


class _Outside:
    """A conversation seen from outside."""

    def __init__(self) -> None:
        self._written: Counter[str] = Counter()
        self._characters = 0.0
        self._media = 0
        self._gaps = 0.0
        self._before: float | None = None
        self._messages = 0

    def add(self, message: Message) -> None:
        self._messages += 1
        self._written[message.author] += 1
        self._characters += float(np.log1p(len(message.text)))
        self._media += message.media
        if message.time is not None:
            now = message.time.timestamp()
            if self._before is not None:
                self._gaps += float(np.log1p(max(0.0, now - self._before)))
            self._before = now

    def features(self) -> list[float]:
        return [
            float(np.log1p(self._messages)),
            float(np.log1p(len(self._written))),
            self._gaps / self._messages,
            max(self._written.values()) / self._messages,
            self._characters / self._messages,
            self._media / self._messages,
        ]


def replay(
    conversations: Iterable[Labelled],
    rater: Rater,
    *,
    find: Find | None = None,
    cues: Sequence[str] = (),
    into: Replayed | None = None,
) -> Replayed:
    """Replay all conversations, one at a time.

    Args:
        conversations: with labels; those without one are only counted.
        rater: what is measured.
        find: finds the cues that the lexicon-only baseline counts.
        cues: their names.
        into: what was replayed before and is gone on with.
    """
    found = Replayed(cues) if into is None else into
    digest = sha256()
    for labelled in conversations:
        if found.take(labelled, rater, find):
            digest.update(msgspec.json.encode(labelled))
    found.digests.append(digest.hexdigest())
    return found
