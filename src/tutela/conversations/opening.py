"""The parts that rate conversations, opened for one process."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from tutela.conversations.batches.sorting import LawOf
from tutela.conversations.batches.storing import Storing
from tutela.conversations.batches.telling import AlertTeller
from tutela.conversations.raters import normaliser_of
from tutela.conversations.reviewing.calibrating import Calibrating
from tutela.conversations.reviewing.keeping import Texts
from tutela.conversations.reviewing.marking import Marking
from tutela.conversations.service import ConversationService, Counted, unheard
from tutela.conversations.texts.rating import TextRating, terms_of
from tutela.conversations.whole import WholeRating
from tutela.detection.conversation.rater import Rater
from tutela.detection.text.near import Signer
from tutela.detection.text.normaliser import Normaliser
from tutela.model import Outcome
from tutela.pipeline import Submission
from tutela.settings.conversations import ConversationSettings
from tutela.storage.conversation.accounts import AccountBook
from tutela.storage.conversation.calibrations import Calibrations
from tutela.storage.conversation.expiring import Gone, expire
from tutela.storage.conversation.states import Conversations
from tutela.storage.database import Database


class OpenedRater:
    """Gives the rater; whoever asks first waits until it is made.

    Loading cues takes a moment, which no server process pays that rates nothing.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], Rater]) -> None:
        self._make = make
        self._making = threading.Lock()
        self._rater: Rater | None = None

    def __call__(self) -> Rater:
        """The rater; raises what `make` raises."""
        with self._making:
            if self._rater is None:
                self._rater = self._make()
            return self._rater


class ForPeople(NamedTuple):
    """What people see of conversations for which a case waits.

    Attributes:
        texts: keeps them.
        marking: marks cues in them.
    """

    texts: Texts
    marking: Marking


class Conversing:
    """The parts of one process that rate conversations.

    Args:
        settings: how they are rated, and what is kept.
        database: where they are kept.
        rater: gives what rates now.
        law: says what may be rated.
        decide: carries a submission through the pipeline.
        people: keeps and shows what people are to look at.
        log: where it tells of trouble.
        counted: told of each batch, for the metrics.

    Attributes:
        store: conversations as they go on.
        book: the counters of accounts.
        rater: gives what rates now, its probabilities as people's outcomes have them.
        people: what was handed over.
        whole: rates whole conversations.
        service: takes batches of messages in.
        texts: rates text that is shown to many.

    Raises:
        BadConfiguration: on construction, for a term list or a table of emoji that cannot be
            used.
    """

    def __init__(
        self,
        settings: ConversationSettings,
        database: Database,
        rater: Callable[[], Rater],
        *,
        law: LawOf,
        decide: Callable[[Submission], Awaitable[Outcome]],
        people: ForPeople,
        log: FilteringBoundLogger,
        counted: Counted = unheard,
    ) -> None:
        self._settings = settings
        self._database = database
        self.store = Conversations(database)
        self.book = AccountBook(database)
        calibrating = Calibrating(Calibrations(database))
        self.rater = lambda: calibrating.of(rater())
        self.people = people
        self.whole = WholeRating(law, self.rater, self.store)
        reading = normaliser_of(settings)
        self.texts = TextRating(law, terms_of(settings, reading), self.store.tally, reading)
        bands = opening_bands(reading)
        self.service = ConversationService(
            law,
            Storing(self.store, self.book, self.rater, settings.floor, log, bands),
            AlertTeller(self.store, decide, log),
            people.texts.keep,
            counted,
        )

    def expire(self, at: datetime) -> Gone:
        """Let one step of what is over go; to be called until nothing goes. Blocks."""
        states = at - timedelta(days=self._settings.states_days)
        return expire(self._database, states, at - timedelta(days=self._settings.alerts_days))


def opening_bands(normaliser: Normaliser) -> Callable[[str], Sequence[int]]:
    """Gives bands of a text by which opening lines of one account are compared."""
    signer = Signer()
    return lambda text: signer.bands(normaliser.normalise(text).text)
