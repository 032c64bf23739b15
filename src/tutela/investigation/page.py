"""Findings for people: one HTML page that needs no other file, shows no picture, runs nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO

import jinja2

from tutela.investigation.findings import ScannedFile, Summary
from tutela.investigation.report import MEMBER_SEPARATOR
from tutela.model import Match, Verdict

LISTED_PER_REASON = 200
"""Files that are named for each reason why files were not checked; the rest is only counted."""
LISTED_SILENCED = 200
"""Files with silenced matches that are named; the rest is only counted."""


class HtmlPage:
    """Collects findings and writes the page at the end.

    Args:
        stream: takes the page as UTF-8.
        title: what was scanned, in the user's words.
    """

    def __init__(self, stream: BinaryIO, *, title: str) -> None:
        self._stream = stream
        self._title = title
        self._found: list[ScannedFile] = []
        self._not_checked: dict[str, list[ScannedFile]] = {}
        self._silenced: list[ScannedFile] = []

    def file(self, file: ScannedFile) -> None:
        """Keep one file if the page will name it."""
        if file.silenced and len(self._silenced) < LISTED_SILENCED:
            self._silenced.append(file)
        if file.verdict is Verdict.MATCH:
            self._found.append(file)
        elif file.verdict is Verdict.NOT_CHECKED:
            named = self._not_checked.setdefault(file.gaps[0].reason.value, [])
            if len(named) < LISTED_PER_REASON:
                named.append(file)

    def finish(self, summary: Summary) -> None:
        """Write the page."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("tutela.investigation", "."),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"reason": reason_in_words, "megabytes": megabytes}
        stream = environment.get_template("page.html.j2").stream(
            title=self._title,
            summary=summary,
            found=self._found,
            best=best_matches,
            not_checked=self._not_checked,
            silenced=self._silenced,
            separator=MEMBER_SEPARATOR,
            made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        stream.enable_buffering(100)
        stream.dump(self._stream, encoding="utf-8", errors="xmlcharrefreplace")


def best_matches(file: ScannedFile) -> list[Match]:
    """The closest match with each entry, for each file inside; exact kinds come first."""
    best: dict[tuple[object, ...], Match] = {}
    for match in file.matches:
        best.setdefault((match.path, match.bank_id, match.entry_id), match)
    return list(best.values())


def reason_in_words(reason: str) -> str:
    """`unsupported_type` as people say it."""
    return reason.replace("_", " ")


def megabytes(size: int) -> str:
    """Bytes as megabytes (10^6), with one digit after the point."""
    return f"{size / 1e6:.1f} MB"
