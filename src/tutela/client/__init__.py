"""The client: how a platform's own program speaks to a Tutela server.

    from tutela.client import Tutela

    with Tutela("https://tutela.example.org", key, spool="/var/spool/platform") as tutela:
        answer = tutela.check(media=Path("upload.jpg"), event_id="upload-17", surface="profile")

`tutela.client.webhooks` verifies the actions that the server sends.
"""

from tutela.client.answers import Answer, Appeal, Confirmed, Lookup, Problem, Readiness, StoredEvent
from tutela.client.calls import Flushed
from tutela.client.conversing import MessagesAnswer, RatedConversation, StoredConversation
from tutela.client.problems import (
    BadAnswer,
    EventConflict,
    KeyRefused,
    Refused,
    ServerTrouble,
    SpoolFull,
    Trouble,
    Unreachable,
)
from tutela.client.spool import Spool
from tutela.client.told import AppealArguments, EventArguments, new_event_id
from tutela.client.tutela import AsyncTutela, Tutela
from tutela.model.conversation.batch import Complaint, NewMessage, NewReport
from tutela.model.conversation.message import Participant

__all__ = [
    "Answer",
    "Appeal",
    "AppealArguments",
    "AsyncTutela",
    "BadAnswer",
    "Complaint",
    "Confirmed",
    "EventArguments",
    "EventConflict",
    "Flushed",
    "KeyRefused",
    "Lookup",
    "MessagesAnswer",
    "NewMessage",
    "NewReport",
    "Participant",
    "Problem",
    "RatedConversation",
    "Readiness",
    "Refused",
    "ServerTrouble",
    "Spool",
    "SpoolFull",
    "StoredConversation",
    "StoredEvent",
    "Trouble",
    "Tutela",
    "Unreachable",
    "new_event_id",
]
