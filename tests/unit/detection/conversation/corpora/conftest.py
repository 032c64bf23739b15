"""Files of conversations for the tests: our own short, invented lines in each known form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tutela.detection.conversation.corpora.opening import open_corpus
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.model.conversation.message import Labelled


class ReadFile(NamedTuple):
    """What a file gave."""

    found: list[Labelled]
    summary: ReadingSummary


Read = Callable[..., ReadFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file and read it as a corpus; `predators` are the lines of a list beside it."""

    def reading(
        content: str | bytes, *, name: str = "talks", predators: str | None = None
    ) -> ReadFile:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        listed = None
        if predators is not None:
            listed = tmp_path / "list.txt"
            listed.write_text(predators)
        corpus = open_corpus(path, predators=listed)
        return ReadFile(list(corpus), corpus.summary())

    return reading
