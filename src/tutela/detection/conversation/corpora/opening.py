"""Open a file of conversations of any form that is known; its first bytes tell which."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from tutela.detection.conversation.corpora.jsonl import decoded, read_jsonl
from tutela.detection.conversation.corpora.pan12 import read_pan12, read_predators
from tutela.detection.conversation.corpora.panc import read_panc
from tutela.detection.conversation.corpora.source import Progress, Source
from tutela.detection.conversation.corpora.table import columns_of, read_table
from tutela.detection.conversation.corpora.tally import Damaged, ReadingSummary, Tally
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Labelled

_HEAD_BYTES: Final = 1 << 16
_REMEDY: Final = (
    "bring JSON Lines with a conversation on each line, CSV with the columns conversation_id and "
    "text, PAN12's XML, or a PANC datapack or table"
)


class Form(StrEnum):
    """A form of files of conversations."""

    JSONL = "jsonl"
    CSV = "csv"
    PAN12 = "pan12"
    PANC = "panc"


class Corpus:
    """A file of conversations. It is read while it is walked through, each time from its start.

    Args:
        path: the file.
        form: how it is written.
        predators: PAN12's list of author ids.
        progress: called with the number of bytes read since the last call.
    """

    def __init__(
        self,
        path: Path,
        form: Form,
        *,
        predators: frozenset[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.path = path
        self.form = form
        self._predators = predators
        self._progress = progress
        self._tally = Tally()

    def __iter__(self) -> Iterator[Labelled]:
        """Its conversations, one at a time; damaged ones are skipped and counted."""
        self._tally = Tally("record" if self.form is Form.PANC else "line")
        with Source(self.path, self._tally, self._progress) as source:
            yield from self._read(source)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def summary(self) -> ReadingSummary:
        """What became of the file, as far as it was read the last time."""
        return self._tally.summary()

    def _read(self, source: Source) -> Iterator[Labelled]:
        match self.form:
            case Form.JSONL:
                return read_jsonl(source, self._tally, name=self.path.name)
            case Form.CSV:
                return read_table(source, self._tally, name=self.path.name)
            case Form.PAN12:
                return read_pan12(source, self._tally, predators=self._predators)
            case Form.PANC:
                return read_panc(source, self._tally)


def open_corpus(
    path: Path,
    *,
    predators: Path | None = None,
    form: Form | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Open a file of conversations.

    Args:
        path: the file.
        predators: PAN12's list of author ids; its conversations have no label without it.
        form: how it is written, where its first bytes are not to tell.
        progress: called with the number of bytes read since the last call.

    Raises:
        InvalidInput: it cannot be read, or is of no form that is known; or a list of author ids
            was given with another form than PAN12.
    """
    form = form or form_of(path)
    if predators is not None and form is not Form.PAN12:
        raise InvalidInput(
            "a list of author ids belongs to PAN12's XML only",
            where=str(predators),
            remedy="other forms name them in each record",
        )
    known = None if predators is None else read_predators(predators)
    return Corpus(path, form, predators=known, progress=progress)


def form_of(path: Path) -> Form:
    """The form of a file, told by its first bytes.

    Raises:
        InvalidInput: it cannot be read, or is of no form that is known.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise InvalidInput(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    form = _form(head)
    if form is None:
        what = "the file is empty" if not head else "this is no file of conversations that is known"
        raise InvalidInput(what, where=str(path), remedy=_REMEDY)
    return form


def _form(head: bytes) -> Form | None:
    if head.startswith(b"<"):
        return Form.PAN12 if b"<conversation" in head else None
    first, ended, _ = head.partition(b"\n")
    if head.startswith(b"{"):
        return Form.PANC if _is_datapack(head, first if ended else b"") else Form.JSONL
    found = columns_of(first.decode("utf-8", "replace").strip("\r\n"))
    return Form.CSV if found else None


def _is_datapack(head: bytes, first: bytes) -> bool:
    """Whether an object is a datapack and not the first of many lines."""
    chats = head.find(b'"chats"')
    if chats < 0:
        return False
    try:
        return not first or "chats" in dict(decoded(first))  # type: ignore[call-overload]
    except (Damaged, TypeError, ValueError):
        # The object goes on beyond its first line.
        return b'"conversation_id"' not in head[:chats]
