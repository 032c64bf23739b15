"""What cases can be searched by."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record
from tutela.model.response.case import CaseKind, CaseState
from tutela.model.response.decision import Severity
from tutela.model.review.reading import ReviewOutcome

Word = Annotated[str, msgspec.Meta(max_length=256)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^(|[0-9a-fA-F]{64})$(?!\n)")]


class CaseOrder(StrEnum):
    """In which order cases are listed."""

    LATEST = "latest"
    """The latest first."""
    OLDEST = "oldest"
    """The oldest first."""
    SCORE = "score"
    """The greatest score first, and of equal ones the oldest: as they are offered."""


OF_READINGS = (
    *("read_from", "read_until", "unseen", "undone", "passed"),
    *("second_read", "reread", "disagreed", "sampled", "overturned", "corrected"),
)
"""Fields of a query that ask for what people made of cases."""


class CaseQuery(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Which cases: those that all of it holds of; what is empty or None holds always.

    Attributes:
        id: of the case, or of its event.
        actor: id of the account that sent the content.
        conversation: id of the conversation.
        queue: name of the queue.
        state: where it stands.
        waiting: whether it waits for a reading, whichever.
        overdue: whether it waits for longer than its queue promises.
        held: whether somebody is at it now.
        gathered: whether it stands in another; None finds those too where the query asks for what
            one case alone may have: an id, actor, conversation, bank, entry, digest or text.
        settled: whether it is closed, and nobody has yet to read it again as a sample.
        outcome, category: what people made of it; a category with or without its scheme.
        severity: how grave it is.
        principle: number of a Voluntary Principle that it names.
        region: ISO 3166 code.
        language: language tag, by its beginning.
        kind: why there is a case.
        imminent: whether a danger is imminent.
        drill: whether it is practice.
        opened_from, opened_until: when it was opened: from, and before.
        decided_from, decided_until: when it was decided: from, and before.
        holder: pseudonym of who reads it now.
        bank: name of a bank that matched.
        entry: number of an entry that matched.
        digest: SHA-256 of a content, hex.
        late: whether it was decided later than its queue promised.
        read_from, read_until: when it was read or passed on, or what is asked of its readings was
            so: from, and before.
        unseen: whether somebody decided it without looking.
        undone: whether somebody took a reading of it back.
        passed: whether somebody passed it on.
        second_read: whether a first and a second person read it.
        reread: whether two people read it, neither knowing of the other: the other one being a
            second reader, or who read it again as a sample.
        disagreed: whether those two disagree.
        sampled: whether it was drawn at random and read again.
        overturned: whether that changed what had been decided.
        corrected: whether it ended otherwise than the first of two readers said.
        text: words that its summary, actor or conversation holds, all of them.
        order: in which order.
    """

    id: Word = ""
    actor: Word = ""
    conversation: Word = ""
    queue: Word = ""
    state: CaseState | None = None
    waiting: bool | None = None
    overdue: bool | None = None
    held: bool | None = None
    gathered: bool | None = None
    settled: bool | None = None
    outcome: ReviewOutcome | None = None
    category: Word = ""
    severity: Severity | None = None
    principle: Annotated[int, msgspec.Meta(ge=1, le=11)] | None = None
    region: Word = ""
    language: Word = ""
    kind: CaseKind | None = None
    imminent: bool | None = None
    drill: bool | None = None
    opened_from: Moment | None = None
    opened_until: Moment | None = None
    decided_from: Moment | None = None
    decided_until: Moment | None = None
    holder: Word = ""
    bank: Word = ""
    entry: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    digest: Digest = ""
    late: bool | None = None
    read_from: Moment | None = None
    read_until: Moment | None = None
    unseen: bool | None = None
    undone: bool | None = None
    passed: bool | None = None
    second_read: bool | None = None
    reread: bool | None = None
    disagreed: bool | None = None
    sampled: bool | None = None
    overturned: bool | None = None
    corrected: bool | None = None
    text: Word = ""
    order: CaseOrder = CaseOrder.LATEST

    @property
    def of_readings(self) -> bool:
        """Whether it asks for what people made of cases: nothing for who may yet read them."""
        return any(getattr(self, name) is not None for name in OF_READINGS)

    @property
    def of_decisions(self) -> bool:
        """Whether it asks for what was decided, which is known of settled cases only to readers."""
        asked = (self.outcome, self.decided_from, self.decided_until, self.late)
        return bool(self.category) or any(one is not None for one in asked)

    @property
    def narrow(self) -> bool:
        """Whether it asks for what a case that stands in another may have by itself."""
        asked = (self.id, self.actor, self.conversation, self.bank, self.digest, self.text)
        return any(asked) or self.entry is not None
