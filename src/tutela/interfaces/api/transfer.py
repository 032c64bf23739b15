"""Whole bank files in and out: `import` and `export` of a bank."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.exporting import ExportFormat, exported
from tutela.interfaces.services import Services, services_of
from tutela.interfaces.web.answers import JsonAnswer, StreamAnswer, in_threads
from tutela.interfaces.web.bodies import Spool, disk_file, pieces
from tutela.interfaces.web.gate import visit_of
from tutela.interfaces.web.guard import by_of
from tutela.interfaces.web.problems import ProblemDocument, document
from tutela.lists.importers import BankFile, BankFormat, open_bank_file
from tutela.model.record import Record
from tutela.storage.imports import ImportResult

LINES = "application/x-ndjson"
PAUSE_SECONDS = 0.25
"""Time between two lines of progress."""


class ImportQuery(Record, frozen=True, kw_only=True):
    """How to read a bank file.

    Attributes:
        format: told from the content where it is left out.
        kind: signal kind of bare values in a file of lines.
    """

    format: BankFormat | None = None
    kind: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ImportAnswer(Record, frozen=True, kw_only=True):
    """What an import did.

    Attributes:
        added, first_id, version: as when entries are added.
        left_out: why rows were rightly not made into entries, and how many.
    """

    added: int
    first_id: int
    version: int
    left_out: dict[str, int]


class ImportLine(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A line of an import that shows its progress; the last has a result or a problem.

    Attributes:
        stored: entries stored so far, of `total`; they count all at once, at the end.
    """

    stored: int | None = None
    total: int | None = None
    result: ImportAnswer | None = None
    problem: ProblemDocument | None = None


class ExportQuery(Record, frozen=True, kw_only=True):
    """In which format."""

    format: ExportFormat = ExportFormat.CSV


@post(
    "/v1/banks/{name:str}/import",
    permission=Permission.ENTRIES_CHANGE,
    about=About(
        summary="Import a bank file",
        query=ImportQuery,
        uploads=("application/octet-stream", "text/csv", "text/plain"),
        gives=ImportAnswer,
        media_types=("application/json", LINES),
        status=201,
    ),
)
async def import_file(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Import a bank file, which is the body: CSV, lines, VICS JSON or Tutela's snapshot.

    All of it is added or nothing. A file with bad rows is refused with 422 and `problems`, which
    name lines and columns. With `Accept: application/x-ndjson` the answer shows progress, line by
    line; the file was found good by then, and the last line holds the result.
    """
    services = services_of(request)
    query = read_query(request, ImportQuery)
    await asyncio.to_thread(services.banks.get, name)
    with ExitStack() as stack:
        spool = stack.enter_context(Spool(disk_file(Path(services.settings.data.folder))))
        async for piece in pieces(request):
            await asyncio.to_thread(spool.write, piece)
        visit_of(request.scope).take_your_time()
        work = _Import(services, name, query, spool, by_of(request))
        if LINES not in request.headers.get("accept", ""):
            return JsonAnswer(await asyncio.to_thread(work.run), status=201)
        total = await asyncio.to_thread(work.count)
        # The file lives on until the last line was sent.
        return StreamAnswer(_progress(work, total, stack.pop_all()), LINES)


@get(
    "/v1/banks/{name:str}/export",
    permission=Permission.ENTRIES_READ,
    about=About(
        summary="Export a bank",
        query=ExportQuery,
        media_types=tuple(form.media_type for form in ExportFormat),
    ),
)
async def export_file(request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
    """Export every entry of a bank as a bank file, which `import` takes again."""
    services = services_of(request)
    form = read_query(request, ExportQuery).format
    disposition = f'attachment; filename="{name}.{form.extension}"'.encode("latin-1", "replace")
    export = services.entries.export
    entries = await asyncio.to_thread(export, name, by=by_of(request), form=form.value)
    parts = exported(entries, form, bank=name, kinds=services.kinds)
    headers = ((b"content-disposition", disposition),)
    return StreamAnswer(in_threads(parts), form.media_type, headers)


class _Import:
    """One bank file on its way into a bank. Its methods block."""

    def __init__(
        self, services: Services, bank: str, query: ImportQuery, spool: Spool, by: str
    ) -> None:
        self._services = services
        self._bank = bank
        self._query = query
        self._spool = spool
        self._by = by
        self.stored = 0

    def count(self) -> int:
        """Read the file once: how many entries it has.

        Raises:
            BankFileError: something is wrong with it.
        """
        return sum(1 for _ in self._open())

    def run(self) -> ImportAnswer:
        """Add the file's entries.

        Raises:
            BankFileError: something is wrong with it; nothing was added.
        """
        file = self._open()
        result = self._services.entries.add(
            self._bank, file, progress=self._note, by=self._by, file=file.sha256()
        )
        self._services.sync.refresh()
        return answer(result, file)

    def _open(self) -> BankFile:
        return open_bank_file(
            self._spool.stream(),
            self._services.kinds,
            name="the bank file",
            form=self._query.format,
            default_kind=self._query.kind,
        )

    def _note(self, stored: int) -> None:
        self.stored = stored


def answer(result: ImportResult, file: BankFile) -> ImportAnswer:
    """What is told about an import."""
    return ImportAnswer(
        added=result.added,
        first_id=result.first_id,
        version=result.version,
        left_out=dict(file.left_out),
    )


async def _progress(work: _Import, total: int, stack: ExitStack) -> AsyncGenerator[bytes, None]:
    """Run an import and tell of it line by line. It goes on even if nobody listens any more."""
    task = asyncio.create_task(asyncio.to_thread(work.run))
    try:
        while not task.done():
            yield _line(ImportLine(stored=work.stored, total=total))
            await asyncio.wait([task], timeout=PAUSE_SECONDS)
        yield _line(_last(task))
    finally:
        await asyncio.wait([task])
        stack.close()


def _last(task: asyncio.Task[ImportAnswer]) -> ImportLine:
    error = task.exception()
    if isinstance(error, Exception):
        return ImportLine(problem=document(error))
    return ImportLine(result=task.result())


def _line(line: ImportLine) -> bytes:
    return msgspec.json.encode(line) + b"\n"
