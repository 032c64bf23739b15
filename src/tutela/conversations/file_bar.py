"""What each threshold would have cost and found over a file of conversations."""

from __future__ import annotations

from collections.abc import Iterable

from tutela.conversations.bar import Bar, Reckoning, reckoned
from tutela.detection.conversation.bar.replaying import Replayed, replayed
from tutela.detection.conversation.rater import Rater
from tutela.model.conversation.message import Labelled
from tutela.model.record import Record


class FileSummary(Record, frozen=True, kw_only=True):
    """What a file came to, besides what each threshold would have done.

    Attributes:
        model: what rated it.
        unrated: conversations of which there was not enough evidence.
        synthetic: conversations that are made up: no figure from them is one of accuracy.
        labelled, positive: how many have a label, and how many of these are to be found.
        dated: whether it is known how many days the file covers.
    """

    model: str
    unrated: int
    synthetic: int
    labelled: int
    positive: int
    dated: bool


class FileBar(Record, frozen=True, kw_only=True):
    """What each threshold would have done over a file, and what is to be known of that file."""

    bar: Bar
    file: FileSummary


def simulated(
    rater: Rater,
    conversations: Iterable[Labelled],
    reckoning: Reckoning,
    days: int | None = None,
) -> FileBar:
    """What each threshold would have done over a file; its labels say what would be right.

    Args:
        rater: rates each conversation, message by message.
        conversations: the file.
        reckoning: what is reckoned with.
        days: that the file covers; None takes the times of its messages.

    Raises:
        InvalidInput: a budget was named, and it is none or the file is empty.
    """
    found = replayed(rater, conversations, days)
    bar = reckoned(found.traffic, found.decided, reckoning)
    return FileBar(bar=bar, file=_summary(rater.model, found))


def _summary(model: str, found: Replayed) -> FileSummary:
    return FileSummary(
        model=model,
        unrated=found.unrated,
        synthetic=found.synthetic,
        labelled=found.labelled,
        positive=found.positive,
        dated=found.dated,
    )
