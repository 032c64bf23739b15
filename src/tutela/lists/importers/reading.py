"""What every importer needs while it reads: the signal kinds, and a place for what it finds."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from tutela.detection.signals.kind import SignalKind
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.importers.problems import ProblemLog
from tutela.model import Signal

TEXT_CHARACTERS = 2000
"""Longest fact that an entry may carry; the limit of `tutela.model.bank.Text`."""

EMPTY_FILE = "fingerprint of an empty file"
"""Left out everywhere: it would match every empty file."""


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "").replace("_", "")


class Reading:
    """One bank file being read.

    Attributes:
        kinds: every kind that an entry may have.
        default_kind: kind of bare values, where the user named it.
        problems: everything that is wrong with the file.
        left_out: what was rightly not made into entries, and how often, in words for people.
    """

    def __init__(
        self,
        kinds: SignalKinds,
        default_kind: str | None = None,
        unit: Literal["line", "record"] = "line",
    ) -> None:
        self.kinds = tuple(kinds)
        self._by_name = {_plain(kind.name): kind for kind in kinds}
        self._empty = {kind.text(kind.hasher().digest()): kind.name for kind in kinds.byte_kinds}
        self.default_kind = kinds[default_kind] if default_kind else None
        self.problems = ProblemLog(unit)
        self.left_out: Counter[str] = Counter()

    def kind(self, name: str) -> SignalKind | None:
        """The kind of that name, written in any case and with or without a hyphen."""
        kind = self._by_name.get(name) or self._by_name.get(_plain(name))
        if kind is not None:
            # There are few ways to write a name, and millions of rows.
            self._by_name[name] = kind
        return kind

    def known_kinds(self) -> str:
        """The names of all kinds, for an error text."""
        return ", ".join(sorted(kind.name for kind in self.kinds))

    def signal(self, kind: SignalKind, text: str, line: int, column: str) -> Signal | None:
        """Make a signal of its text form, or note why it cannot be one."""
        try:
            value = kind.text(kind.parse(text))
        except InvalidInput as error:
            self.problems.add(line, column, error.what)
            return None
        return Signal(kind=kind.name, value=value)

    def is_empty_file(self, signal: Signal) -> bool:
        """Whether the signal is the digest of no bytes at all."""
        return self._empty.get(signal.value) == signal.kind

    @staticmethod
    def is_plain(text: str) -> bool:
        """Whether a text, and so each part of it, is a fact that needs no closer look."""
        return text.isascii() and "\0" not in text and len(text) <= TEXT_CHARACTERS

    def fact(self, text: str, line: int, column: str) -> str:
        """Take over a fact, or note why it cannot be stored."""
        if len(text) > TEXT_CHARACTERS:
            self.problems.add(line, column, f"longer than {TEXT_CHARACTERS} characters")
        elif "\0" in text:
            self.problems.add(line, column, "holds a NUL character")
        elif not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self.problems.add(line, column, "is not valid UTF-8")
        return text
