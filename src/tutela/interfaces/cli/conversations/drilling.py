"""The conversations of `tutela demo`: made, harmless, handed in as they would be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rich.console import Console
from rich.table import Table

from tutela.client import Tutela
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.explaining import of_cue
from tutela.model import ActionKind
from tutela.model.conversation.batch import MessageStatus
from tutela.model.conversation.message import Conversation, Labelled, Message
from tutela.model.record import Record

PLAN = Plan(conversations=60, positives=0.15, languages=("en", "fr"), seed=12)
BATCH = 100
SURFACE = "chat"
MAY_RATE = "US"
"""Where the pack that ships lets a service rate private messages of its own accord."""
MAY_NOT = "FR"
"""Where it does not."""
SHOWN = 5
REASONS = 3
"""Of one conversation, in the table."""
MILD = frozenset(
    {
        ActionKind.ALLOW,
        ActionKind.OPEN_CASE,
        ActionKind.SECOND_LOOK,
        ActionKind.SLOW,
        ActionKind.WARN_RECEIVER,
    }
)
"""All that a rating may bring about."""


class Raised(Record, frozen=True, kw_only=True):
    """A conversation about which the policy decided.

    Attributes:
        id: of the conversation.
        peak: its highest value, 0 to 10.
        messages: how many it has.
        alert: after how many of them its value was high; None where it never was.
        reasons: what moved it most, in words.
        case: whether people look at it.
    """

    id: str
    peak: float
    messages: int
    alert: int | None
    reasons: tuple[str, ...]
    case: bool


class Talks(Record, frozen=True, kw_only=True):
    """What came of the conversations.

    Attributes:
        conversations: how many were handed in where the law allows it.
        statuses: what became of each message, by how often.
        refused: messages that were handed in where the law does not allow it.
        actions: everything that was decided, by how often.
        raised: those about which the policy decided, highest first.
    """

    conversations: int
    statuses: Mapping[str, int]
    refused: Mapping[str, int]
    actions: Mapping[str, int]
    raised: tuple[Raised, ...]

    @property
    def cases(self) -> int:
        """Conversations that people look at."""
        return sum(one.case for one in self.raised)

    @property
    def sound(self) -> bool:
        """Whether what may be rated was, nothing else was, and no rating did more than it may."""
        return (
            set(self.statuses) == {MessageStatus.RATED}
            and set(self.refused) == {MessageStatus.NOT_PERMITTED}
            and MILD.issuperset(self.actions)
            and self.cases > 0
        )

    def line(self) -> str:
        """One line for people."""
        rated, not_rated = sum(self.statuses.values()), sum(self.refused.values())
        return (
            f"conversations: {self.conversations} synthetic, {self.cases} of them for people to "
            f"look at, {rated} messages rated; {not_rated} messages from {MAY_NOT} were counted "
            "and not rated, as its law says"
        )


def hand_in(client: Tutela) -> Talks:
    """Hand in conversations message by message, those of a place where that is not allowed last.

    Raises:
        TutelaError: the server refused a batch, or is gone.
    """
    made = tuple(synthesise(PLAN))
    statuses: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    cases: dict[str, bool] = {}
    for batch in _batches(_mixed(made, MAY_RATE)):
        answer = client.post("/v1/messages", {"messages": batch})
        statuses.update(one["status"] for one in answer["results"])
        for talk in answer["conversations"]:
            if outcome := talk.get("outcome"):
                actions.update(outcome["decision"]["actions"])
                name = talk["conversation"]
                cases[name] = cases.get(name, False) or outcome["case_id"] is not None
    refused: Counter[str] = Counter()
    for batch in _batches(_mixed(made[:2], MAY_NOT)):
        answer = client.post("/v1/messages", {"messages": batch})
        refused.update(one["status"] for one in answer["results"])
    raised = (_raised(client, name, case=case) for name, case in cases.items())
    return Talks(
        conversations=len(made),
        statuses=statuses,
        refused=refused,
        actions=actions,
        raised=tuple(sorted(raised, key=lambda one: -one.peak)),
    )


def show(console: Console, talks: Talks) -> None:
    """A table of what was raised highest, and one line."""
    table = Table(title="Conversations, all synthetic: no figure of accuracy")
    table.add_column("conversation")
    table.add_column("rating", justify="right")
    table.add_column("high after", justify="right")
    table.add_column("what moved it")
    for one in talks.raised[:SHOWN]:
        alert = "" if one.alert is None else f"{one.alert} of {one.messages}"
        table.add_row(one.id, f"{one.peak:.1f}", alert, "; ".join(one.reasons))
    console.print(table)
    console.print(talks.line(), soft_wrap=True)


def _mixed(made: Sequence[Labelled], region: str) -> Iterator[dict[str, Any]]:
    """The messages of all of them in turns, as a platform sees them come in."""
    turns = max((len(one.conversation.messages) for one in made), default=0)
    for turn in range(turns):
        for one in made:
            talk = one.conversation
            if turn < len(talk.messages):
                yield _message(talk, turn, talk.messages[turn], region)


def _message(talk: Conversation, turn: int, message: Message, region: str) -> dict[str, Any]:
    people = {
        one.id: {"id": one.id, "age_band": one.band, "age_source": one.age_source}
        for one in talk.participants
    }
    return {
        "conversation": f"drill-{region.lower()}-{talk.id}",
        "number": turn,
        "author": people.pop(message.author, {"id": message.author}),
        "receivers": list(people.values()),
        "text": message.text,
        "time": message.time,
        "media": message.media,
        "surface": SURFACE,
        "region": region,
        "language": talk.language,
        "drill": True,
    }


def _batches(messages: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(messages, BATCH)):
        yield batch


def _raised(client: Tutela, name: str, *, case: bool) -> Raised:
    found = client.get(f"/v1/conversations/{name}/rating?drill=true")
    rating = found["rating"] or {}
    alert = rating.get("first_alert")
    grounds = [one for one in rating.get("reasons", ()) if one["points"] > 0]
    words = dict.fromkeys(of_cue(one["cue"]) for one in grounds)
    return Raised(
        id=name,
        peak=found["peak"],
        messages=found["messages"],
        alert=None if alert is None else alert + 1,
        reasons=tuple(islice(words, REASONS)),
        case=case,
    )
