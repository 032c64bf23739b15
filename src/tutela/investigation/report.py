"""Findings for programs: JSON lines and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import msgspec

from tutela.investigation.findings import PlacedGap, ScannedFile, Summary
from tutela.model import Match, Verdict

MEMBER_SEPARATOR = " > "
"""Stands between the names of an archive's members in texts for people."""

CSV_COLUMNS = (
    "verdict",
    "path",
    "member",
    "part",
    "bank",
    "entry",
    "kind",
    "distance",
    "label",
    "category",
    "scheme",
    "source",
    "reason",
    "detail",
    "size",
    "media_type",
    "path_bytes",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Report(Protocol):
    """Takes findings one by one, and the summary at the end."""

    def file(self, file: ScannedFile) -> None:
        """Take one file."""

    def finish(self, summary: Summary) -> None:
        """Take the summary, complete or not, and write what is still to be written."""


class JsonLines:
    """One JSON object per line: files, then the summary.

    Args:
        everything: whether clear files get a line, too.
    """

    def __init__(self, stream: BinaryIO, *, everything: bool) -> None:
        self._stream = stream
        self._everything = everything
        self._encoder = msgspec.json.Encoder()

    def file(self, file: ScannedFile) -> None:
        """Write one file."""
        if self._everything or file.verdict is not Verdict.CLEAR or file.silenced:
            self._line(file)

    def finish(self, summary: Summary) -> None:
        """Write the summary."""
        self._line(summary)

    def _line(self, record: ScannedFile | Summary) -> None:
        self._stream.write(self._encoder.encode(record) + b"\n")
        self._stream.flush()


class CsvTable:
    """A table with one row per match, silenced match and gap; a clear file may have one row.

    The row of a silenced match names the reason and detail of its silence.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """

    def __init__(self, stream: BinaryIO, *, everything: bool) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
        self._everything = everything
        self._writer = csv.writer(self._text)
        self._writer.writerow(CSV_COLUMNS)

    def file(self, file: ScannedFile) -> None:
        """Write the rows of one file."""
        if self._everything or file.verdict is not Verdict.CLEAR or file.silenced:
            for cells in _rows(file):
                self._row(cells)

    def finish(self, summary: Summary) -> None:
        """Say so where the table is not whole, and let go of the stream."""
        if not summary.complete:
            self._row({"verdict": "incomplete", "detail": "the scan was interrupted here"})
        self._text.detach()

    def _row(self, cells: dict[str, str]) -> None:
        self._writer.writerow([harmless(cells.get(name, "")) for name in CSV_COLUMNS])


def harmless(cell: str) -> str:
    """The cell in a form that no spreadsheet evaluates."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(file: ScannedFile) -> Iterator[dict[str, str]]:
    whole = {
        "verdict": file.verdict.value,
        "path": file.path,
        "path_bytes": file.path_bytes or "",
        "size": str(file.size),
        "media_type": file.media_type,
    }
    for match in file.matches:
        yield whole | _match_cells(match)
    for gap in file.gaps:
        yield whole | _gap_cells(gap)
    for one in file.silenced:
        silence = {"reason": one.reason.value, "detail": one.detail}
        yield whole | _match_cells(one.match) | silence
    if file.verdict is Verdict.CLEAR and not file.silenced:
        yield whole


def _match_cells(match: Match) -> dict[str, str]:
    return {
        "member": MEMBER_SEPARATOR.join(match.path),
        "part": match.part,
        "bank": match.bank,
        "entry": str(match.entry_id),
        "kind": match.kind,
        "distance": str(match.distance),
        "label": match.label,
        "category": match.category,
        "scheme": match.scheme,
        "source": match.source,
    }


def _gap_cells(gap: PlacedGap) -> dict[str, str]:
    return {
        "member": MEMBER_SEPARATOR.join(gap.path),
        "part": gap.part,
        "reason": gap.reason.value,
        "detail": gap.detail,
    }
