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
from tutela.interfaces.web.guard import by_of
from tutela.model import Entry, EntryFacts, EntryState, NewEntry
from tutela.model.bank import Distance
from tutela.model.record import Record
from tutela.storage.imports import ImportResult


class EntryDocument(EntryFacts, frozen=True, kw_only=True):
    """An entry to be added: what is said of it, and its signals.

    Attributes:
        distance: its own greatest distance in bits; that of its bank without it.
    """

    signals: SignalDocuments
    distance: Distance | None = None


class EntriesDocument(Record, frozen=True, kw_only=True):
    """Up to 1 000 entries, of which all are added or none."""

    entries: Annotated[tuple[EntryDocument, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EntryChange(Record, frozen=True, kw_only=True):
    """Switch an entry, or set its distance; whatever is left out stays.

    Attributes:
        state: whether it is to take part in matching.
        disabled_until: with `disabled`: when it counts again; for good without it.
        distance: its own greatest distance in bits; null to follow its bank again.
    """

    state: EntryState | msgspec.UnsetType = msgspec.UNSET
    disabled_until: datetime | None = None
    distance: Distance | msgspec.UnsetType | None = msgspec.UNSET


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
    found = await asyncio.to_thread(
        entries.list, name, after=page.after, limit=page.limit, by=by_of(request)
    )
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
    added = await asyncio.to_thread(add, services, name, entries, by=by_of(request))
    return JsonAnswer(added, status=201)


@get(
    "/v1/entries/{entry_id:int}",
    permission=Permission.ENTRIES_READ,
    about=About(summary="Read one entry", gives=Entry),
)
async def read_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Read an entry with its signals."""
    show = services_of(request).entries.show
    return JsonAnswer(await asyncio.to_thread(show, entry_id, by=by_of(request)))


@patch(
    "/v1/entries/{entry_id:int}",
    permission=Permission.ENTRIES_CHANGE,
    about=About(summary="Change one entry", takes=EntryChange, gives=Entry),
)
async def change_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Switch an entry, for good or until a time, or set its distance; it counts in a second."""
    services = services_of(request)
    wanted = await read_json(request, _CHANGE)
    if wanted.disabled_until is not None and wanted.state is not EntryState.DISABLED:
        raise InvalidInput("only a disabled entry has such a time", where="disabled_until")
    if wanted.state is msgspec.UNSET and wanted.distance is msgspec.UNSET:
        raise InvalidInput("there is nothing to change", remedy="give a state or a distance")
    by = by_of(request)
    await asyncio.to_thread(change, services, entry_id, wanted, by=by)
    # The answer holds the entry's signals, even where nothing was changed.
    return JsonAnswer(await asyncio.to_thread(services.entries.show, entry_id, by=by))


@delete(
    "/v1/entries/{entry_id:int}",
    status_code=200,
    permission=Permission.ENTRIES_CHANGE,
    about=About(summary="Delete one entry", status=204),
)
async def delete_entry(request: Request[Any, Any, Any], entry_id: FromPath[int]) -> ASGIApp:
    """Erase an entry; it stops matching within a second everywhere."""
    services, by = services_of(request), by_of(request)

    def erase() -> None:
        services.entries.delete(entry_id, by=by)
        services.sync.refresh()

    await asyncio.to_thread(erase)
    return EmptyAnswer()


def change(services: Services, entry_id: int, wanted: EntryChange, *, by: str) -> Entry:
    """Change an entry, with effect in this process at once. Blocks.

    Raises:
        NotFound: no entry has this number.
        InvalidInput: a time is past.
    """
    entries = services.entries
    entry = entries.get(entry_id)
    if wanted.state is EntryState.ENABLED:
        entry = entries.enable(entry_id, by=by)
    elif wanted.state is EntryState.DISABLED:
        entry = entries.disable(entry_id, wanted.disabled_until, by=by)
    if wanted.distance is not msgspec.UNSET:
        entry = entries.set_distance(entry_id, wanted.distance, by=by)
    services.sync.refresh()
    return entry


def add(services: Services, bank: str, entries: Sequence[NewEntry], *, by: str) -> ImportResult:
    """Add entries and let this process match them at once. Blocks."""
    result = services.entries.add(bank, entries, by=by)
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
        distance=entry.distance,
        label=entry.label,
        category=entry.category,
        scheme=entry.scheme,
        source=entry.source,
        note=entry.note,
    )
