"""JSON Lines: one conversation on each line, as `tutela...corpora.record` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from tutela.detection.conversation.corpora.record import labelled_of
from tutela.detection.conversation.corpora.source import Source
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.model.conversation.message import Labelled


def read_jsonl(source: Source, tally: Tally, *, name: str) -> Iterator[Labelled]:
    """Yield the conversations of a file, line by line; damaged ones go to `tally`.

    Args:
        source: the file.
        tally: counts what is read, skipped, mended and ignored.
        name: what conversations that do not name their source came from.
    """
    for number, line in source.lines():
        if line is not None and not line.strip():
            continue
        try:
            conversation = _conversation(line, tally, name)
        except Damaged as damage:
            tally.skip(number, str(damage))
            continue
        tally.read += 1
        yield conversation


def _conversation(line: bytes | None, tally: Tally, name: str) -> Labelled:
    if line is None:
        raise Damaged("the record is too long")
    return labelled_of(decoded(line), tally, source=name)


def decoded(line: bytes) -> object:
    """What a line of JSON says.

    Raises:
        Damaged: it is not JSON.
    """
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Half a surrogate pair is an escape that JSON allows and msgspec does not.
        return json.loads(line)
    except (ValueError, RecursionError):
        raise Damaged("the line is not JSON") from None
