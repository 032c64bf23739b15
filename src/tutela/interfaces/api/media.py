"""`POST /v1/banks/{name}/media`: a file becomes entries of a bank. The file itself is not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from litestar import Request, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, media_type, read_query, refuse_query
from tutela.interfaces.api.entries import add
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.interfaces.web.bodies import Spool, memory_file, pieces
from tutela.interfaces.web.forms import read_form
from tutela.interfaces.web.guard import by_of
from tutela.interfaces.web.problems import Unprocessable
from tutela.interfaces.worded import from_words
from tutela.model import Content, EntryFacts, Gap, NewEntry
from tutela.model.record import Record

MEDIA_FIELD = "media"


class NoSignal(Unprocessable):
    """A file of which no fingerprint could be made."""

    code: ClassVar[str] = "no-signal"


class MediaAnswer(Record, frozen=True, kw_only=True):
    """What was added.

    Attributes:
        added, first_id, version: as when entries are added.
        kinds: the signal kinds that the entries have.
        gaps: what could not be fingerprinted.
    """

    added: int
    first_id: int
    version: int
    kinds: Sequence[str]
    gaps: Sequence[Gap]


@post(
    "/v1/banks/{name:str}/media",
    permission=Permission.ENTRIES_CHANGE,
    about=About(
        summary="Add an entry from a file",
        query=EntryFacts,
        uploads=("application/octet-stream", "image/*"),
        form=EntryFacts,
        form_file=MEDIA_FIELD,
        gives=MediaAnswer,
        status=201,
    ),
)
async def add_media(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Fingerprint a file and add it to a bank; an archive adds one entry for each file in it.

    The file is the body, and what is said of it the query; or both come as a form, the file in
    the field `media`. The file itself is not kept.
    """
    services = services_of(request)
    await asyncio.to_thread(services.banks.get, name)
    with Spool(memory_file, services.room) as spool:
        facts = await _read(request, spool)
        contents = await asyncio.wrap_future(services.decoder.submit(spool.source))
    entries = [_entry(content, facts) for content in contents if content.signals]
    gaps = [gap for content in contents for gap in content.gaps]
    if not entries:
        raise NoSignal(
            "no fingerprint could be made of this file" + _why(gaps),
            remedy="add its signals instead",
        )
    result = await asyncio.to_thread(add, services, name, entries, by=by_of(request))
    kinds = {signal.kind: None for entry in entries for signal in entry.signals}
    answer = MediaAnswer(
        added=result.added,
        first_id=result.first_id,
        version=result.version,
        kinds=tuple(kinds),
        gaps=gaps,
    )
    return JsonAnswer(answer, status=201)


async def _read(request: Request[Any, Any, Any], spool: Spool) -> EntryFacts:
    if media_type(request) == b"multipart/form-data":
        refuse_query(request)
        fields = await read_form(request, spool, file_field=MEDIA_FIELD)
        return from_words(dict(fields), EntryFacts)
    facts = read_query(request, EntryFacts)
    async for piece in pieces(request):
        spool.write(piece)
    return facts


def _entry(content: Content, facts: EntryFacts) -> NewEntry:
    return NewEntry(
        signals=content.signals,
        label=facts.label,
        category=facts.category,
        scheme=facts.scheme,
        source=facts.source,
        note=facts.note,
    )


def _why(gaps: Sequence[Gap]) -> str:
    details = [gap.detail or gap.reason.value for gap in gaps[:1]]
    return f" ({details[0]})" if details else ""
