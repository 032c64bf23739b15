"""Labelled conversations as numbers, once for all fits: n-grams, cues, values, times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning import kernels, ngrams
from tutela.detection.conversation.learning.following import (
    FEATURES,
    WINDOW,
    Following,
    Said,
    Wording,
)
from tutela.detection.conversation.learning.reading import CueReader, bits_of
from tutela.model.conversation.message import Labelled

PREFIXES = (5, 10, 20, 50)
"""After so many messages a conversation is also learned from as if it ended there."""

Progress = Callable[[int], None]


class Heard(NamedTuple):
    """What one message says but for its n-grams.

    Attributes:
        families: ids of its cues.
        stages: a bit for each.
        seconds: when, since 1970.
        value: of the cues after it, 0 to 10.
    """

    families: tuple[str, ...]
    stages: int
    seconds: float | None
    value: float


class Prepared(NamedTuple):
    """One conversation.

    Attributes:
        authors: who wrote in it, each with the source that it came from.
        label: what people found.
        onset: place of the first message that shows it; 0 where nobody said.
        language: in which it was read.
        buckets: (m,), of the n-grams of all messages one after the other.
        offsets: (n + 1,), where those of each message begin.
        before: of each message, the place of the last one before it that is the same, or -1.
        heard: of each message, the rest.
    """

    authors: frozenset[str]
    label: bool
    onset: int
    language: str
    buckets: NDArray[np.int32]
    offsets: NDArray[np.int64]
    before: tuple[int, ...]
    heard: tuple[Heard, ...]

    def __len__(self) -> int:
        """How many messages it has."""
        return len(self.heard)

    def ends(self) -> list[int]:
        """The prefixes to learn from, by how many messages they have; the last is all of it.

        A prefix that ends before anything is to be seen teaches nothing and is left out.
        """
        size = len(self.heard)
        return [end for end in PREFIXES if self.onset < end < size] + [size]

    def size(self, end: int) -> int:
        """How many n-grams the window after so many messages has at most."""
        return int(self.offsets[end] - self.offsets[max(0, end - WINDOW)])

    def words(self, end: int) -> NDArray[np.int32]:
        """Buckets of the last `WINDOW` of so many messages; the same message counts once."""
        start = max(0, end - WINDOW)
        offsets = self.offsets[start : end + 1].tolist()
        parts = [
            self.buckets[offsets[place] : offsets[place + 1]]
            for place in range(end - start)
            if self.before[start + place] < start
        ]
        return np.concatenate(parts)

    def counts(self, end: int) -> Counter[str]:
        """How often each family of cues was seen in so many messages, without repeated ones."""
        return Counter(
            family
            for place, heard in enumerate(self.heard[:end])
            if self.before[place] <= max(place - WINDOW, -1)
            for family in heard.families
        )

    def followed(self, wording: Wording, families: dict[str, int]) -> NDArray[np.float64]:
        """What the second model reads after each message, (n, len(FEATURES))."""
        following = Following(wording)
        rows = np.empty((len(self.heard), len(FEATURES)))
        weights, offsets = wording.weights[self.buckets].astype(np.float64), self.offsets.tolist()
        for place, heard in enumerate(self.heard):
            start, end = offsets[place], offsets[place + 1]
            known = [families[family] for family in heard.families if family in families]
            total = float(weights[start:end].sum())
            said = Said(total, end - start, known, heard.stages, "", heard.seconds)
            rows[place] = following.add(said, heard.value)
        return rows


class Pile:
    """All conversations to learn from.

    Attributes:
        conversations: those that can be used.
        left_out: how many could not, by reason.
        sources: of each, how many.
        synthetic: how many a generator made.
        files: SHA-256 over what is used of each corpus that was read.
    """

    def __init__(self, reader: CueReader) -> None:
        self.conversations: list[Prepared] = []
        self.left_out: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.synthetic = 0
        self.files: list[str] = []
        self._reader = reader
        self._digest = sha256()

    @property
    def digest(self) -> str:
        """SHA-256 over all that is used, in its order, as a hexadecimal number."""
        return self._digest.hexdigest()

    def read(self, corpus: Iterable[Labelled], progress: Progress | None = None) -> None:
        """Take conversations in, one at a time; their texts are not kept."""
        digest = sha256()
        for labelled in corpus:
            if self._take(labelled):
                record = msgspec.json.encode(labelled)
                digest.update(record)
                self._digest.update(record)
            if progress is not None:
                progress(1)
        self.files.append(digest.hexdigest())

    def _take(self, labelled: Labelled) -> bool:
        """Whether it can be used."""
        if labelled.label is None:
            self.left_out["no label"] += 1
            return False
        found = prepared(labelled, self._reader)
        if isinstance(found, str):
            self.left_out[found] += 1
            return False
        self.conversations.append(found)
        self.sources[labelled.source or "not told"] += 1
        self.synthetic += labelled.synthetic
        return True


def prepared(labelled: Labelled, reader: CueReader) -> Prepared | str:
    """A conversation as numbers, or why it cannot be learned from."""
    talk = labelled.conversation
    running = reader.begin(talk.id, talk.participants, talk.language)
    found: list[NDArray[np.int32]] = []
    heard: list[Heard] = []
    for message in talk.messages:
        reading = running.read(message)
        found.append(kernels.buckets(ngrams.points(reading.text)))
        heard.append(
            Heard(
                families=tuple(hit.cue.id for hit in reading.hits),
                stages=bits_of(reading.hits),
                seconds=message.time.timestamp() if message.time else None,
                value=running.value(),
            )
        )
    if running.missing is not None:
        return running.missing.reason.replace("_", " ")
    names = {message.author for message in talk.messages if message.author}
    return Prepared(
        authors=frozenset(f"{labelled.source}\n{name}" for name in names),
        label=bool(labelled.label),
        onset=labelled.onset or 0,
        language=running.language,
        buckets=np.concatenate(found),
        offsets=np.cumsum([0, *(one.size for one in found)], dtype=np.int64),
        before=tuple(_before(found)),
        heard=tuple(heard),
    )


def _before(found: Iterable[NDArray[np.int32]]) -> Iterator[int]:
    last: dict[bytes, int] = {}
    for place, buckets in enumerate(found):
        key = buckets.tobytes()
        yield last.get(key, -1)
        last[key] = place
