"""Texts with half a surrogate pair, as some platforms cut them: no JSON reader takes them."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from litestar import Request

from tutela.errors import InvalidInput
from tutela.interfaces.api.documents import json_body, media_type

T = TypeVar("T")

_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


async def read_texts(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T]) -> T:
    """Read a JSON body that people's texts stand in: a half becomes U+FFFD, as readers show it.

    Raises:
        InvalidInput: the body is said to be something else.
        msgspec.DecodeError: it is not such a document; the error names the place.
    """
    if media_type(request) not in {b"application/json", b""}:
        raise InvalidInput(
            "this route takes JSON", where="Content-Type", remedy="send application/json"
        )
    body = await json_body(request)
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        mended = whole_pairs(body)
        if mended == body:
            raise
        return decoder.decode(mended)


def whole_pairs(body: bytes) -> bytes:
    r"""A JSON document in which each escaped half of a pair is `\ufffd`. In linear time."""
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found["half"] else found[0], body)
