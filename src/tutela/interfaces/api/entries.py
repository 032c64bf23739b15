"""Entries: what the banks list. Added one by one here, in files by `transfer.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_json, read_query
from tutela.interfaces.api.submissions import SignalDocuments, canonical
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import EmptyAnswer, JsonAnswer
from tutela.model import Entry, EntryFacts, EntryState, NewEntry
from tutela.model.record import Record
from tutela.storage.imports import ImportResult


class EntryDocument(EntryFacts, frozen=True, kw_only=True):
    """An entry to be added: what is said of it, and its signals."""

    signals: SignalDocuments


class EntriesDocument(Record, frozen=True, kw_only=True):
    """Up to 1 000 entries, of which all are added or none."""

    entries: Annotated[tuple[EntryDocument, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EntryChange(Record, frozen=True, kw_only=True):
    """Switch an entry.

    Attributes:
        state: whether it is to take part in matching.
        disabled_until: with `disabled`: when it counts again; for good without it.
    """

    state: EntryState
    disabled_until: datetime | None = None


class EntriesPage(Record, frozen=True, kw_only=True):
    """A page of entries; `next` is the `after` of the next page, None on the last."""

    entries: Sequence[Entry]
    next: int | None


class PageQuery(Record, frozen=True, kw_only=True):
    """Which page: entries with ids above `after`, at most `limit`."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


_NEW = msgspec.json.Decoder(EntriesDocument)
_CHANGE = msgspec.json.Decoder(EntryChange)


@get(
    "/v1/banks/{name:str}/entries",
    permission=Permission.ENTRIES_READ,
    about=About(summary="List the entries of a bank", query=PageQuery, gives=EntriesPage),
)
async def list_entries(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """List the entries of a bank with their signals, page by page."""
    page = read_query(request, PageQuery)
    entries = services_of(request).entries
    found = await asyncio.to_thread(entries.list, name, after=page.after, limit=page.limit)
    return JsonAnswer(
        EntriesPage(entries=found, next=found[-1].id if len(found) == page.limit else None)
    )


@post(
    "/v1/banks/{name:str}/entries",
    permission=Permission.ENTRIES_CHANGE,
    about=About(summary="Add entries", takes=EntriesDocument, gives=ImportResult, status=201),
)
async def add_entries(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Add entries with ready-made signals. They count within a second everywhere."""
    services = services_of(request)
    document = await read_json(request, _NEW)
    entries = [
        _new_entry(entry, services, f"entries[{number}]")
        for number, entry in enumerate(document.entries)
    ]
    return JsonAnswer(await asyncio.to_thread(add, services, name, entries), status=201)


@get(
    "/v1/entries/{entry_id:int}",
    permission=Permission.ENTRIES_READ,
    about=About(summary="Read one entry", gives=Entry),
)
async def read_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Read an entry with its signals."""
    return JsonAnswer(await asyncio.to_thread(services_of(request).entries.get, entry_id))


@patch(
    "/v1/entries/{entry_id:int}",
    permission=Permission.ENTRIES_CHANGE,
    about=About(summary="Switch one entry", takes=EntryChange, gives=Entry),
)
async def change_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Enable an entry, or disable it for good or until a time; within a second everywhere."""
    services = services_of(request)
    wanted = await read_json(request, _CHANGE)
    if wanted.state is EntryState.ENABLED and wanted.disabled_until is not None:
        raise InvalidInput("an enabled entry has no such time", where="disabled_until")

    def change() -> Entry:
        if wanted.state is EntryState.ENABLED:
            entry = services.entries.enable(entry_id)
        else:
            entry = services.entries.disable(entry_id, wanted.disabled_until)
        services.sync.refresh()
        return entry

    return JsonAnswer(await asyncio.to_thread(change))


@delete(
    "/v1/entries/{entry_id:int}",
    status_code=200,
    permission=Permission.ENTRIES_CHANGE,
    about=About(summary="Delete one entry", status=204),
)
async def delete_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Erase an entry; it stops matching within a second everywhere."""
    services = services_of(request)

    def erase() -> None:
        services.entries.delete(entry_id)
        services.sync.refresh()

    await asyncio.to_thread(erase)
    return EmptyAnswer()


def add(services: Services, bank: str, entries: Sequence[NewEntry]) -> ImportResult:
    """Add entries and let this process match them at once. Blocks."""
    result = services.entries.add(bank, entries)
    services.sync.refresh()
    return result


def _new_entry(entry: EntryDocument, services: Services, where: str) -> NewEntry:
    try:
        signals = canonical(entry.signals, services.kinds)
    except InvalidInput as problem:
        place = f"{where}.{problem.where}"
        raise InvalidInput(problem.what, where=place, remedy=problem.remedy) from None
    return NewEntry(
        signals=signals,
        label=entry.label,
        category=entry.category,
        scheme=entry.scheme,
        source=entry.source,
        note=entry.note,
    )
