"""What the page of a case shows of its review, and to whom.

Who may still read a case sees nothing of what others made of it: what one has read of others, one
no longer sees for oneself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from tutela.interfaces.console.review.draft import Draft
from tutela.model import CaseState, Event
from tutela.model.record import Record
from tutela.model.review.appeal import AppealFile
from tutela.model.review.budget import DayOfExposure
from tutela.model.review.protection import Limits
from tutela.model.review.reading import Purpose, Reading, ReviewOutcome
from tutela.model.review.standing import CaseChange
from tutela.response.review.absence import Absence
from tutela.response.review.stacks import Stack
from tutela.storage.cases import CaseFile
from tutela.storage.review.opening import Contested

BLIND = frozenset({Purpose.SECOND, Purpose.THIRD, Purpose.SAMPLE})
"""Readings by somebody who knows nothing of the earlier ones."""
UNREAD = frozenset({CaseState.OPEN, CaseState.SECOND, CaseState.DISPUTED, CaseState.DECIDED})
"""Where a case may still be read by somebody else."""


class Reader(Record, frozen=True, kw_only=True):
    """Who looks at a case.

    Attributes:
        account: id of the person's account; empty where there is none.
        works, settles, leads: whether the person may read, settle and lead.
    """

    account: str = ""
    works: bool = False
    settles: bool = False
    leads: bool = False


class Held(Record, frozen=True, kw_only=True):
    """The claim of whoever looks at the case."""

    token: str
    purpose: Purpose
    until: datetime


class Foresight(Record, frozen=True, kw_only=True):
    """Something that is known of the content before anybody looks.

    Attributes:
        label: a category, or the name of a rating.
        contents: how many contents trusted lists call so; 0 where it is a rating.
        value, probability: of a rating.
    """

    label: str
    contents: int = 0
    value: float | None = None
    probability: float | None = None


class Choice(Record, frozen=True, kw_only=True):
    """Something to choose on the form.

    Attributes:
        value, name, hint: what is sent, what is read, and more of that.
        outcomes: those that it is offered for.
    """

    value: str
    name: str
    hint: str = ""
    outcomes: tuple[ReviewOutcome, ...] = tuple(ReviewOutcome)


class Choices(Record, frozen=True, kw_only=True):
    """What the form of a case offers.

    Attributes:
        scheme: title of the scheme that the categories are of.
    """

    outcomes: tuple[ReviewOutcome, ...] = tuple(ReviewOutcome)
    scheme: str = ""
    categories: tuple[Choice, ...] = ()
    reasons: tuple[Choice, ...] = ()


class Sight(Record, frozen=True, kw_only=True):
    """What somebody may see of the readings of a case.

    Attributes:
        readings: those that may be seen, oldest first.
        hidden: how many may not.
        undo: one's own last reading, where it does not count yet.
    """

    readings: tuple[Reading, ...] = ()
    hidden: int = 0
    undo: Reading | None = None


def sight_of(
    file: CaseFile,
    readings: Sequence[Reading],
    reader: Reader,
    purpose: Purpose | None,
    *,
    sampled: bool = False,
    now: datetime,
) -> Sight:
    """What somebody may see of the readings of a case.

    Args:
        file: the case.
        readings: all of them.
        reader: who looks.
        purpose: what the person's own claim is for; None where there is none.
        sampled: whether the case waits to be read again as a sample.
        now: the present moment.
    """
    own = tuple(one for one in readings if one.account == reader.account)
    blind = is_blind(file.case.state, reader, purpose, has_read=bool(own), sampled=sampled)
    seen = own if blind else tuple(readings)
    last = next((one for one in reversed(own) if one.undone_at is None), None)
    undo = last if last is not None and last.settles_at > now else None
    return Sight(readings=seen, hidden=len(readings) - len(seen), undo=undo)


def is_blind(
    state: CaseState, reader: Reader, purpose: Purpose | None, *, has_read: bool, sampled: bool
) -> bool:
    """Whether somebody must not know what others made of a case."""
    if purpose is not None:
        return purpose in BLIND
    if reader.leads or not reader.works:
        return False
    if state is CaseState.DISPUTED and reader.settles and not has_read:
        return False
    if state in UNREAD:
        return True
    return sampled and not has_read


def may_take(
    file: CaseFile, readings: Iterable[Reading], reader: Reader, *, sampled: bool = False
) -> bool:
    """Whether a page offers the case to somebody; claiming it decides."""
    if not (reader.works and reader.account) or file.standing.root is not None:
        return False
    if any(one.account == reader.account and one.undone_at is None for one in readings):
        return False
    match file.case.state:
        case CaseState.OPEN | CaseState.SECOND:
            return file.standing.holding is None
        case CaseState.DISPUTED:
            return reader.settles and file.standing.holding is None
        case CaseState.CLOSED:
            return sampled and file.standing.holding is None
    return False


def foresights_of(event: Event, grades: Iterable[str]) -> tuple[Foresight, ...]:
    """What lists and raters say of the content of a case.

    Args:
        event: what it came in with.
        grades: of each content what trusted lists agree on, as `scheme:category`, or empty.
    """
    known = Counter(grade for grade in grades if grade)
    listed = [Foresight(label=label, contents=count) for label, count in known.most_common()]
    rated = [
        Foresight(label=one.name, value=one.value, probability=one.probability)
        for one in event.ratings
    ]
    return (*listed, *rated)


class Offer(Record, frozen=True, kw_only=True):
    """What a case may be decided as without looking, and the lists that it rests on."""

    outcome: ReviewOutcome
    category: str = ""
    reasons: tuple[str, ...] = ()
    banks: tuple[str, ...] = ()


class Contesting(Record, frozen=True, kw_only=True):
    """What an appeal is about.

    Attributes:
        contested: the event that was decided about, with that decision.
        event_id: its id on the platform.
        statement: what the person was told of what people decided about it; may be empty.
        appeals: every appeal that stands in the case, with the words of who appeals.
    """

    contested: Contested
    event_id: str
    statement: str = ""
    appeals: tuple[Event, ...] = ()


class Work(Record, frozen=True, kw_only=True):
    """Everything that the page of a case shows of its review; see `review/work.html`.

    Attributes:
        held: the claim of whoever looks; None where it is not theirs.
        draft: what was filled in.
        offered: whether the page offers the case to them.
        offer: what it may be decided as without looking; None where it must be looked at.
        day: what of the person's own limits is used up; None where there is nothing to uncover.
        limits: those limits.
        absences: why not all of it can be seen.
        contents, stacks: how many contents there are, and what of them one look decides.
        members: the events of the case, where there is more than one.
        changes: how they came together.
        queues: queues that it may be moved to; empty for who may not move it.
        may_arrange: whether the reader may split and put together.
        lease_seconds: how long a claim holds without being renewed.
        contesting: what it is about, where it is an appeal.
        appeals: appeals against what was decided about its event, latest first.
    """

    reader: Reader
    held: Held | None
    sight: Sight
    foresights: tuple[Foresight, ...]
    choices: Choices
    draft: Draft = Draft()
    offered: bool = False
    offer: Offer | None = None
    day: DayOfExposure | None = None
    limits: Limits = Limits()
    absences: tuple[Absence, ...] = ()
    contents: int = 0
    stacks: tuple[Stack, ...] = ()
    members: tuple[CaseFile, ...] = ()
    changes: tuple[CaseChange, ...] = ()
    queues: tuple[str, ...] = ()
    may_arrange: bool = False
    lease_seconds: int = 900
    contesting: Contesting | None = None
    appeals: tuple[AppealFile, ...] = ()

    @property
    def blind(self) -> bool:
        """Whether there is something that the reader must not know."""
        return self.held is not None and self.held.purpose in BLIND
