"""What routes take and give: declared once, read by the handlers and by the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from litestar import Request

from tutela.errors import InvalidInput, TooLarge
from tutela.interfaces.web.bodies import pieces
from tutela.interfaces.worded import from_words

if TYPE_CHECKING:
    from litestar.types import HTTPRequestEvent

ABOUT = "about"
"""Name under which a route states what it takes and gives."""
JSON_BYTES = 16_000_000
"""Largest JSON document. Media are better sent as they are."""

T = TypeVar("T")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the OpenAPI document says of a route, besides what the code shows.

    Attributes:
        summary: one line.
        takes: record that a JSON body has; None where there is none.
        holds: records that the JSON body holds and that are read one by one, each by itself.
        query: record that the query has; None where none is read.
        uploads: media types of bodies that are files.
        form: record of the fields of a form; None where no form is taken.
        form_file: the form's field that carries the file.
        gives: what the answer is: a record for JSON, None for an empty answer.
        media_types: media types of the answer where it is not JSON.
        status: status of the answer.
    """

    summary: str
    takes: Any = None
    holds: tuple[Any, ...] = ()
    query: Any = None
    uploads: tuple[str, ...] = ()
    form: Any = None
    form_file: str = ""
    gives: Any = None
    media_types: tuple[str, ...] = ()
    status: int = 200


async def json_body(request: Request[Any, Any, Any]) -> bytes:
    """The body of a request that is a JSON document.

    Raises:
        TooLarge: it is larger than `JSON_BYTES`.
    """
    # Nearly always it comes in one piece, and an asynchronous generator would cost more than that.
    message = cast("HTTPRequestEvent", await request.receive())
    body = message["body"]
    _check_size(body)
    if not message["more_body"]:
        return body
    whole = bytearray(body)
    async for piece in pieces(request):
        whole += piece
        _check_size(whole)
    return bytes(whole)


def _check_size(body: Sized) -> None:
    if len(body) > JSON_BYTES:
        raise TooLarge(f"a JSON document may have {JSON_BYTES:,} bytes")


def media_type(request: Request[Any, Any, Any]) -> bytes:
    """The media type of a request's body, in lower case; empty where none is given."""
    # Straight from the scope: the framework would sort all headers first.
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower()
    return b""


async def read_json(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T]) -> T:
    """Read the JSON body of a request.

    Raises:
        InvalidInput: the body is said to be something else.
        msgspec.DecodeError: it is not such a document; the error names the place.
    """
    if media_type(request) not in {b"application/json", b""}:
        raise InvalidInput(
            "this route takes JSON", where="Content-Type", remedy="send application/json"
        )
    return decoder.decode(await json_body(request))


def read_query(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """Read the query of a request.

    Raises:
        InvalidInput: a parameter comes twice.
        msgspec.ValidationError: a parameter is unknown or has a wrong value.
    """
    fields: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in fields:
            raise InvalidInput("a parameter comes twice", where=name[:64])
        fields[name] = value
    return from_words(fields, kind)


def refuse_query(request: Request[Any, Any, Any]) -> None:
    """Refuse a query where the facts stand in the body: what stood in it would be lost unseen.

    Raises:
        InvalidInput: there is a query.
    """
    if request.scope["query_string"]:
        raise InvalidInput("with such a body, all that is said stands in the body", where="query")
