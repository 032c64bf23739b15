"""`POST /v1/messages`: messages in, as they are written; what each did to its conversation out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.conversations.surrogates import read_texts
from tutela.interfaces.api.conversations.switch import switched_on
from tutela.interfaces.api.documents import About
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.problems import document
from tutela.model.conversation.batch import (
    BatchResult,
    MessageResult,
    MessageStatus,
    NewMessage,
    NewReport,
)
from tutela.model.record import Record

T = TypeVar("T")

MOST = 1000
"""Messages, and reports, of one batch."""


class MessagesDocument(Record, frozen=True, kw_only=True):
    """Up to 1 000 messages of any conversations, and what users reported about accounts.

    Attributes:
        messages: each as `NewMessage`.
        reports: each as `NewReport`.
    """

    # Each is read by itself, so that one that cannot be read does not refuse the others.
    messages: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=MOST)] = ()
    reports: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=MOST)] = ()


_BATCH = msgspec.json.Decoder(MessagesDocument)
_MESSAGE = msgspec.json.Decoder(NewMessage)
_REPORT = msgspec.json.Decoder(NewReport)


@post(
    "/v1/messages",
    status_code=200,
    permission=Permission.MESSAGES_RATE,
    about=About(
        summary="Hand in messages as they are written",
        takes=MessagesDocument,
        holds=(NewMessage, NewReport),
        gives=BatchResult,
    ),
)
async def take_messages(request: Request[Any, Any, Any]) -> ASGIApp:
    """Rate conversations as they go on. The answer leaves once their new state is stored.

    Text is rated and not kept.

    Each message has its own result: `rated`; `late`, where it came after messages with greater
    numbers and was rated all the same; `duplicate`, where its number was taken before;
    `not_permitted`, where the law of the place does not allow it: then nothing is computed; or
    `refused`, with why. So a batch that is sent twice does nothing the second time.

    Where the highest rating of a conversation rises, from `conversations.floor` on, the policy
    decides about it as about an event, and its outcome stands in the answer.
    """
    services = services_of(request)
    switched_on(services)
    batch = await read_texts(request, _BATCH)
    if not batch.messages and not batch.reports:
        raise InvalidInput("a batch holds messages or reports", where="messages")
    messages: list[NewMessage | MessageResult] = [
        _read(one, _MESSAGE.decode) for one in batch.messages
    ]
    reports: list[NewReport | MessageResult] = [_read(one, _REPORT.decode) for one in batch.reports]
    return JsonAnswer(await services.conversations.service.take(messages, reports))


def _read(raw: msgspec.Raw, decode: Callable[[msgspec.Raw], T]) -> T | MessageResult:
    try:
        return decode(raw)
    except msgspec.DecodeError as error:
        problem = document(error)
        why = f"{problem.where}: {problem.detail}" if problem.where else problem.detail
        return MessageResult(status=MessageStatus.REFUSED, why=why)
