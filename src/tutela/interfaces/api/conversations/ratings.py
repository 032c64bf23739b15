"""`/v1/conversations`: a whole conversation rated at once, and where one stands that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.conversations.reading import ConversationFile, read_conversation
from tutela.detection.conversation.corpora.record import labelled_of
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.conversations.surrogates import read_texts
from tutela.interfaces.api.conversations.switch import switched_on
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.actor import Name
from tutela.model.conversation.rating import ConversationRating
from tutela.model.record import Record
from tutela.storage.conversation.standing import Key


class ToldParticipant(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """One of those who write or read. What cannot be used is taken as unknown, and counted.

    Attributes:
        age: in years, where it is told.
        age_band: where only that is told; `age` counts more.
        age_source: how the age is known: `declared`, `estimated`, `verified`.
    """

    id: Name | int | None = None
    age: Any = None
    age_band: Any = None
    age_source: Any = None


class ToldMessage(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """One message. What cannot be used is taken as unknown, and counted.

    Attributes:
        author: id of the participant who wrote it.
        time: when it was sent, such as `2026-03-02T15:04:00Z`.
        number: its place in the conversation in your own count.
        media: true where it carries a picture or a video.
    """

    author: Name | int | None = None
    text: str | None = None
    time: Any = None
    number: Any = None
    media: Any = None


class WholeConversation(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A conversation in the order in which it was written: the record of the files.

    Further members are ignored and counted, here and in what it holds.

    Attributes:
        conversation_id: a text; a number will do.
        language: a tag such as `en`, where you know it.
        participants: what is known of those who take part.
    """

    conversation_id: Name | int
    messages: tuple[ToldMessage, ...] | None
    language: Name | None = None
    participants: tuple[ToldParticipant, ...] | None = None


class PlaceQuery(Record, frozen=True, kw_only=True):
    """Where the conversation takes place, for the law.

    Attributes:
        region: ISO 3166 code of the place whose law applies.
        surface: where on the platform, in the platform's words.
    """

    region: Name = ""
    surface: Name = ""


class DrillQuery(Record, frozen=True, kw_only=True):
    """Whether the conversation was a drill."""

    drill: bool = False


class RatedConversation(Record, frozen=True, kw_only=True):
    """A rating, and what of the record it did not use.

    Attributes:
        ignored: members that mean nothing here, and how often they came.
        mended: what was wrong in the record and was taken as unknown, and how often.
    """

    rating: ConversationRating
    ignored: Mapping[str, int]
    mended: Mapping[str, int]


_RECORD = msgspec.json.Decoder(Any)


@post(
    "/v1/conversations/rate",
    status_code=200,
    permission=Permission.MESSAGES_RATE,
    about=About(
        summary="Rate a whole conversation",
        takes=WholeConversation,
        query=PlaceQuery,
        gives=RatedConversation,
    ),
)
async def rate_conversation(request: Request[Any, Any, Any]) -> ASGIApp:
    """Rate a whole conversation. Nothing is decided, and nothing of it is kept.

    The record is that of the files, one line of JSON Lines. Where the law of the place does not
    allow it, nothing is computed, and `not_enough_evidence` says so.
    """
    services = services_of(request)
    switched_on(services)
    place = read_query(request, PlaceQuery)
    record = await read_texts(request, _RECORD)

    def rated() -> RatedConversation:
        tally = Tally()
        try:
            talk = labelled_of(record, tally).conversation
        except Damaged as problem:
            raise InvalidInput(str(problem)) from None
        rating = services.conversations.whole.rate(talk, place.region, place.surface)
        summary = tally.summary()
        return RatedConversation(rating=rating, ignored=summary.ignored, mended=summary.mended)

    return JsonAnswer(await asyncio.to_thread(rated))


@get(
    "/v1/conversations/{conversation_id:str}/rating",
    permission=Permission.EVENTS_READ,
    about=About(
        summary="Read where a conversation stands", query=DrillQuery, gives=ConversationFile
    ),
)
async def read_rating(request: Request[Any, Any, Any], conversation_id: FromPath[str]) -> ASGIApp:
    """Read a conversation's rating with its reasons, how it rose, and which events it became.

    Nothing of its text is kept. It speaks of the conversation, and proves nothing of a person.
    """
    parts, query = services_of(request).conversations, read_query(request, DrillQuery)
    key = Key(conversation_id, query.drill)
    found = await asyncio.to_thread(read_conversation, parts.store, parts.rater, key)
    return JsonAnswer(found)
