"""Where a case stands: its queue, who reads it, and what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tutela.model.record import Record


class Holding(Record, frozen=True, kw_only=True):
    """Somebody reads a case now.

    Attributes:
        pseudonym: who, as people are called where a name need not be known.
        at: since when.
        until: from then on it is free again, unless the holder asks for more time.
    """

    pseudonym: str
    at: datetime
    until: datetime


class Decided(Record, frozen=True, kw_only=True):
    """What people made of a case.

    Attributes:
        outcome: see `ReviewOutcome`.
        category: how grave the content is, as `scheme:category`; may be empty.
        at: when it was decided.
        settles_at: until then it can be undone.
        closed_at: when it began to be carried out; None before.
    """

    outcome: str
    category: str
    at: datetime
    settles_at: datetime | None = None
    closed_at: datetime | None = None


class Standing(Record, frozen=True, kw_only=True):
    """Where a case stands, besides its state.

    Attributes:
        queue: name of the queue that has it.
        moved: whether somebody put it there by hand: then it stays, whatever the queues take.
        score: the greater, the sooner it is offered.
        reach: its events, and the people who were to receive them.
        events: how many events stand in it, its own among them.
        revision: grows with every change of what stands in it.
        readings_wanted: how many people must read it.
        region, language: of its own event.
        waits_until: when it should be decided; None until it has been gathered.
        gathered_at: when it was looked at for others that it belongs to; None before that.
        root: id of the case that it stands in; None where it stands for itself.
        holding: who reads it now; None where nobody does.
        decided: what people made of it; None before.
        contests: id of the case that an appeal is about; None where that has no case.
        contested: id of the event that an appeal is about, as it is stored; None of others.
    """

    queue: str
    moved: bool = False
    score: int = 0
    reach: int = 1
    events: int = 1
    revision: int = 1
    readings_wanted: int = 1
    region: str = ""
    language: str = ""
    waits_until: datetime | None = None
    gathered_at: datetime | None = None
    root: str | None = None
    holding: Holding | None = None
    decided: Decided | None = None
    contests: str | None = None
    contested: str | None = None


class CaseContent(Record, frozen=True, kw_only=True):
    """One content of a case.

    Attributes:
        case_id: the case that it came with: the case itself, or one that stands in it.
        event_id: its event.
        ordinal: its place within the event.
        path: where it lies within what was handed in; empty for the whole.
        media_type: as found from the bytes.
        mark: equal contents have equal ones; hex.
        pdq: its fingerprint, hex; empty where there is none that says something.
        grade: what trusted lists agree on, as `scheme:category`, or empty.
        item: id of the evidence that holds its bytes; empty where nothing is kept.
        item_state: where the bytes are; empty where nothing is kept.
    """

    case_id: str
    event_id: str
    ordinal: int
    path: tuple[str, ...] = ()
    media_type: str = ""
    mark: str = ""
    pdq: str = ""
    grade: str = ""
    item: str = ""
    item_state: str = ""

    @property
    def visible(self) -> bool:
        """Whether there is something to see: pictures or videos whose bytes are kept."""
        return self.item_state == "kept" and self.media_type.startswith(("image/", "video/"))


class ChangeKind(StrEnum):
    """What changed in how cases stand together."""

    JOINED = "joined"
    """A case was put into another one by the program, because they belong together."""
    MERGED = "merged"
    """Somebody put a case into another one, with all that stood in it."""
    SPLIT = "split"
    """Somebody took cases out of another one, to stand for themselves."""
    MOVED = "moved"
    """Somebody put a case into another queue."""
    UNDONE = "undone"
    """Somebody undid one of these."""


class CaseChange(Record, frozen=True, kw_only=True):
    """One change of how cases stand together.

    Attributes:
        id: its number.
        case_id: the case that it is told of.
        others: the cases that came or went.
        at: when.
        by: who, as `tutela`, `person:PSEUDONYM` or `cli:USER`.
        kind: what was done.
        why: what the program found, or what somebody wrote; stays in the house.
        undone_by: number of the change that undid it; None where it stands.
    """

    id: int
    case_id: str
    others: tuple[str, ...]
    at: datetime
    by: str
    kind: ChangeKind
    why: str = ""
    undone_by: int | None = None
