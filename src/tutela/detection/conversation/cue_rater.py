"""Tier (a): rates conversations by declared cues alone. Nothing to download, nothing to train."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.cues.cue import Hit
from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.ledger import Ledger
from tutela.detection.conversation.evidence.state import RunningState, pack, unpack
from tutela.detection.conversation.spoken import Hearing, Spoken
from tutela.detection.text.normalised import Normalised
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Message, Participant
from tutela.model.conversation.rating import (
    ConversationRating,
    MissingEvidence,
    NotEnoughEvidence,
)

VERSION = 1
"""Of how evidence is summed. Cue files have versions of their own."""

_MAGIC = b"TCU1"
_NOWHERE: array[int] = array("I")


class Reading(NamedTuple):
    """One message as it was read: its text as it is matched, and its cues."""

    text: Normalised
    hits: Sequence[Hit]


class Cues(Protocol):
    """The cues of one language: what `CueSet` is."""

    @property
    def name(self) -> str:
        """Language, version and digest: `en 1 3f2a90c1d2e4`."""

    @property
    def language(self) -> str:
        """Whose cues these are: `en`."""

    def find(self, message: Normalised) -> Sequence[Hit]:
        """The cues of a message."""


class Languages(Protocol):
    """What tells languages apart: `Languages` of `detection.text`."""

    def begin(self) -> Hearing:
        """The language of a conversation in which nothing was written yet."""

    def resume(self, state: bytes) -> Hearing:
        """The language of a conversation as it was dumped."""


class CueRater:
    """Rates conversations by declared cues. May be used by many threads.

    Args:
        cues: one set for each language that is supported.
        normalise: makes of a text what cues are looked for in.
        languages: tells the language where the platform does not; without it, cues alone do.
        calibration: what points mean.
        reads: name of what the normaliser was given besides, such as an operator's emoji.
    """

    def __init__(
        self,
        cues: Iterable[Cues],
        normalise: Callable[[str], Normalised],
        languages: Languages | None = None,
        calibration: Calibration = PRIOR,
        reads: str = "",
    ) -> None:
        self._cues: Mapping[str, Cues] = {one.language: one for one in cues}
        self._normalise = normalise
        self._hears = languages
        self.calibration = calibration
        names = "\n".join([*sorted(one.name for one in self._cues.values()), *reads.splitlines()])
        shown = ", ".join(sorted(self._cues))
        self._model = f"cues {VERSION} ({shown}; {sha256(names.encode()).hexdigest()[:12]})"

    @property
    def model(self) -> str:
        """Name and version, with a digest of all cues."""
        return self._model

    @property
    def bands(self) -> tuple[float, float, float]:
        """Values from which a rating is raised, high and critical."""
        return self.calibration.bands

    @property
    def languages(self) -> tuple[str, ...]:
        """In which it rates."""
        return tuple(self._cues)

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> RunningCues:
        """A conversation in which nothing was written yet."""
        clock = Clock()
        ledger = Ledger(self.calibration, clock, participants)
        hearing = self._hears.begin() if self._hears else None
        spoken = Spoken(self._cues, language, hearing)
        return RunningCues(self, conversation_id, spoken, clock, ledger)

    def resume(self, state: bytes) -> RunningCues:
        """A conversation as `RunningCues.dump` left it, also with an earlier version of the cues.

        Raises:
            InvalidInput: the state is damaged, or of another model.
        """
        found = unpack(_MAGIC, state, RunningState)
        clock = Clock(*found.clock)
        try:
            ledger = Ledger.resume(found.ledger, self.calibration, clock)
        except ValueError as problem:
            raise InvalidInput("the state of the conversation names what there is not") from problem
        hearing = self._hears.resume(found.heard) if self._hears and found.heard else None
        spoken = Spoken(
            self._cues, found.told, hearing, found.found, found.characters, sure=found.sure
        )
        return RunningCues(self, found.conversation, spoken, clock, ledger, texts=found.texts)

    def read(self, text: str, spoken: Spoken) -> Reading:
        """A text as it is matched, and its cues."""
        spoken.hear(text)
        normalised = self._normalise(text)
        hits: list[Hit] = []
        for language in spoken.read_in:
            found = self._cues[language].find(normalised)
            if found:
                spoken.finds(language, len(found))
                hits.extend(found)
        return Reading(normalised, hits)


class RunningCues:
    """A conversation while it goes on."""

    __slots__ = ("_clock", "_id", "_ledger", "_rater", "_spoken", "_texts")

    def __init__(
        self,
        rater: CueRater,
        conversation_id: str,
        spoken: Spoken,
        clock: Clock,
        ledger: Ledger,
        *,
        texts: int = 0,
    ) -> None:
        self._rater = rater
        self._id = conversation_id
        self._spoken = spoken
        self._clock = clock
        self._ledger = ledger
        self._texts = texts

    def add(self, message: Message) -> None:
        """Take one message in."""
        self.read(message)

    def read(self, message: Message) -> Reading:
        """Take one message in as `add` does; returns what was read in it."""
        self._clock.tick(message.time)
        self._ledger.writes(message.author, media=message.media)
        if not message.text:
            return _SILENT
        self._texts += 1
        reading = self._rater.read(message.text, self._spoken)
        if reading.hits:
            self._ledger.book(message.author, reading.hits, hidden=reading.text.hidden > 0)
        return reading

    def meet(self, participant: Participant) -> None:
        """Take in what is known of somebody who takes part."""
        self._ledger.people.meet(participant)

    def value(self) -> float:
        """The value after the messages so far."""
        if not self._ledger.hits or self._spoken.unsupported:
            return 0.0
        return self._ledger.value()

    def rating(self) -> ConversationRating:
        """The rating after the messages so far."""
        missing = self.missing
        said = ConversationRating(
            conversation_id=self._id,
            messages=self._clock.place + 1,
            age_gap=self._ledger.gap(),
            language=self._spoken.language,
            model=self._rater.model,
            calibration=self._rater.calibration.version,
            not_enough_evidence=missing,
        )
        return said if missing else _with_evidence(said, self._ledger, self._rater.calibration)

    def dump(self) -> bytes:
        """The whole state."""
        state = RunningState(
            conversation=self._id,
            told=self._spoken.told,
            heard=self._spoken.dump(),
            found=self._spoken.found,
            characters=self._spoken.characters,
            sure=self._spoken.sure,
            texts=self._texts,
            clock=self._clock.dump(),
            ledger=self._ledger.dump(),
        )
        return pack(_MAGIC, state)

    @property
    def language(self) -> str:
        """In which it is rated; empty where none is known yet."""
        return self._spoken.language

    @property
    def missing(self) -> NotEnoughEvidence | None:
        """Why there is no rating. What was found is enough, in whatever is missing beside it."""
        foreign = self._spoken.unsupported
        if foreign:
            return _not_enough(
                MissingEvidence.UNSUPPORTED_LANGUAGE, f"unsupported language ({foreign})"
            )
        if self._ledger.hits:
            return None
        if not self._texts:
            return _not_enough(MissingEvidence.NO_TEXT, "no message has a text")
        if len(self._ledger.people) < 2:  # noqa: PLR2004 - who writes, and who reads
            return _not_enough(
                MissingEvidence.ONE_SIDED, "only one participant is known, and nothing was found"
            )
        if not self._spoken.language:
            return _not_enough(
                MissingEvidence.TOO_SHORT, "too little was written to tell the language"
            )
        return None


_SILENT = Reading(Normalised("", "", _NOWHERE, _NOWHERE), ())


def _not_enough(reason: MissingEvidence, detail: str) -> NotEnoughEvidence:
    return NotEnoughEvidence(reason=reason, detail=detail)


def _with_evidence(
    said: ConversationRating, ledger: Ledger, calibration: Calibration
) -> ConversationRating:
    value = ledger.value()
    return ConversationRating(
        conversation_id=said.conversation_id,
        value=value,
        peak=ledger.peak,
        probability=calibration.probability(value),
        band=calibration.band(value),
        author=ledger.author(),
        stages=ledger.stages(),
        reasons=ledger.grounds(),
        age_gap=said.age_gap,
        first_alert=ledger.first_alert,
        lanes=ledger.lanes(),
        messages=said.messages,
        language=said.language,
        model=said.model,
        calibration=said.calibration,
    )
