"""`PUT /v1/conversations/{id}/messages`: what was written before, for people who must decide."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, put
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.guard import by_of
from tutela.model.conversation.message import Message
from tutela.model.record import Record
from tutela.storage.conversation.standing import Key

MOST = 100_000
"""Messages that are handed in at once."""


class HistoryDocument(Record, frozen=True, kw_only=True):
    """Messages of a conversation in the order in which they were written.

    Attributes:
        messages: each with its number in your own count, as in `POST /v1/messages`; where none has
            a number, its place here.
        drill: harmless test material.
    """

    messages: Annotated[tuple[Message, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    drill: bool = False


class KeptHistory(Record, frozen=True, kw_only=True):
    """What was taken in.

    Attributes:
        item_id: the item of evidence that holds it.
        case_id: the case that it is kept for.
        messages: how many messages it has.
        expires_at: when it goes, as far as that is known; a report may make it stay longer.
    """

    item_id: str
    case_id: str | None
    messages: int
    expires_at: datetime | None


_HISTORY = msgspec.json.Decoder(HistoryDocument)


@put(
    "/v1/conversations/{conversation_id:str}/messages",
    permission=Permission.EVIDENCE_ADD,
    about=About(
        summary="Hand in a conversation that waits for people",
        takes=HistoryDocument,
        gives=KeptHistory,
    ),
)
async def hand_in_history(
    request: Request[Any, Any, Any], conversation_id: FromPath[str]
) -> ASGIApp:
    """Hand in what was written before, while a case waits for the conversation.

    People who decide then see what led there. It is sealed as evidence, for the term that the law
    of the place gives to content, and shown to whoever holds the case. Where no case waits it is
    refused and nothing of it is kept, as where the law lets no private message be looked at. The
    same messages again change nothing.
    """
    wanted = await read_json(request, _HISTORY)
    _check(wanted.messages)
    texts, key = services_of(request).conversations.people.texts, Key(conversation_id, wanted.drill)
    item = await asyncio.to_thread(texts.hand_in, key, wanted.messages, by_of(request))
    answer = KeptHistory(
        item_id=item.id,
        case_id=item.case_id,
        messages=len(wanted.messages),
        expires_at=item.expires_at,
    )
    return JsonAnswer(answer)


def _check(messages: tuple[Message, ...]) -> None:
    """Refuse what has no order, or times that nobody can place; raises `InvalidInput`."""
    numbers = [one.number for one in messages if one.number is not None]
    if len(numbers) not in {0, len(messages)} or len(set(numbers)) != len(numbers):
        raise InvalidInput(
            "either all messages have a number of their own, or none has", where="messages"
        )
    if any(one.time is not None and one.time.tzinfo is None for one in messages):
        what = "a point in time needs a time zone"
        raise InvalidInput(what, where="messages", remedy="add an offset such as Z")
