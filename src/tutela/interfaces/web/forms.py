"""Forms with a file in them (multipart/form-data), read as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from tutela.errors import InvalidInput
from tutela.interfaces.web.bodies import Spool, pieces

FIELD_BYTES = 4096
"""Longest value of a field that is not the file."""
FIELDS = 32
"""Most fields of one form."""


async def read_form(
    request: Request[Any, Any, Any], spool: Spool, *, file_field: str
) -> Mapping[str, str]:
    """Read a form: its file goes to `spool`, its other fields are returned.

    Args:
        request: a request whose Content-Type is multipart/form-data.
        spool: takes the content of the file.
        file_field: name of the field that carries the file.

    Raises:
        InvalidInput: it is not a form, or a field comes twice, is too long or not text, or there
            is no file.
    """
    parser = _parser(request)
    reader = _Reader(spool, file_field)
    try:
        async for piece in pieces(request):
            for event in parser.parse(piece):
                reader.take(event)
        parser.close()
    except MultipartError as problem:
        raise InvalidInput(
            "the form cannot be read", remedy="send multipart/form-data as in RFC 7578"
        ) from problem
    return reader.finish()


def _parser(request: Request[Any, Any, Any]) -> Any:  # noqa: ANN401 - the library has no types
    boundary = request.content_type[1].get("boundary", "")
    if not boundary or len(boundary) > 200:  # noqa: PLR2004 - RFC 2046 allows 70
        raise InvalidInput("the form names no boundary", where="Content-Type")
    # Not strict: that refuses the line end after the last boundary when it comes by itself.
    return PushMultipartParser(boundary, max_segment_count=FIELDS)


class _Reader:
    """Sorts the pieces of a form."""

    def __init__(self, spool: Spool, file_field: str) -> None:
        self._spool = spool
        self._file_field = file_field
        self._fields: dict[str, bytearray] = {}
        self._name = ""
        self._has_file = False

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """Take the start of a field, a piece of it, or its end."""
        if isinstance(event, bytes | bytearray):
            self._piece(event)
        elif event is not None:
            self._start(event.name)

    def _start(self, name: str) -> None:
        if name in self._fields or (name == self._file_field and self._has_file):
            raise InvalidInput("a field of the form comes twice", where=name[:64])
        self._name = name
        if name == self._file_field:
            self._has_file = True
        else:
            self._fields[name] = bytearray()

    def _piece(self, piece: bytes | bytearray) -> None:
        if self._name == self._file_field:
            self._spool.write(bytes(piece))
            return
        field = self._fields[self._name]
        field += piece
        if len(field) > FIELD_BYTES:
            raise InvalidInput(
                f"a field may have {FIELD_BYTES} bytes",
                where=self._name[:64],
                remedy=f"send the file in the field {self._file_field}",
            )

    def finish(self) -> Mapping[str, str]:
        """The fields, once all was taken."""
        if not self._has_file:
            raise InvalidInput("the form carries no file", where=self._file_field)
        try:
            return {name: bytes(value).decode() for name, value in self._fields.items()}
        except UnicodeDecodeError:
            raise InvalidInput("a field of the form is not UTF-8") from None
