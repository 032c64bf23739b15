"""PAN12: the XML of "sexual predator identification" (CLEF 2012), and its list of author ids.

The file is cut into conversations by their tags and each is parsed alone, so that a damaged one
costs itself only and no declaration of the file can define an entity. Texts are escaped twice.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from tutela.detection.conversation.corpora.clock import Clock
from tutela.detection.conversation.corpora.record import LONGEST_ID
from tutela.detection.conversation.corpora.source import CHUNK_BYTES, LONGEST_RECORD, Line, Source
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Conversation, Labelled, Message

SOURCE = "pan12"

_OPEN = re.compile(rb"<conversation[\s>/]")
_CLOSE = b"</conversation>"
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_KEPT_BACK = len(_CLOSE)
_TAGS = frozenset(("author", "time", "text"))


def read_pan12(
    source: Source, tally: Tally, *, predators: frozenset[str] | None = None
) -> Iterator[Labelled]:
    """Yield the conversations of a file; damaged ones go to `tally`.

    Args:
        source: the file.
        tally: counts what is read, skipped, mended and ignored.
        predators: ids of the list that belongs to it; conversations have no label without it.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    for number, content in conversations(source):
        try:
            labelled = _Reading(tally, predators).conversation(_tree(content, parser))
        except Damaged as damage:
            tally.skip(number, str(damage))
            continue
        tally.read += 1
        yield labelled


def read_predators(path: Path) -> frozenset[str]:
    """The author ids of a predator list: one on each line.

    Raises:
        InvalidInput: the file cannot be read, or holds something else.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("the list of author ids cannot be read", where=str(path)) from None
    found = frozenset(line.strip() for line in lines) - {""}
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_ID or "<" in line or len(line.split()) > 1:
            raise InvalidInput("is not an author id", where=f"{path}:{number}")
    return found


def conversations(source: Source, longest: int = LONGEST_RECORD) -> Iterator[Line]:
    """Cut a file into its conversations, each with the line on which it starts.

    One that is cut short by the next, by the end of the file, or that is longer than `longest`
    bytes comes with what there is of it, or None.
    """
    cutter = _Cutter(longest)
    stream = io.BufferedReader(source, CHUNK_BYTES)
    while chunk := stream.read(CHUNK_BYTES):
        yield from cutter.feed(chunk)
    yield from cutter.end()


class _Cutter:
    """Finds conversations in bytes that come in pieces."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()
        self._line = 1
        self._inside = False
        self._seen = 0
        self._overlong = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        self._held += chunk
        while True:
            if not self._inside and not self._enter():
                return
            end = self._end()
            if end is None:
                self._bound()
                return
            yield Line(self._line, None if self._overlong else bytes(self._held[:end]))
            self._drop(end)
            self._inside = self._overlong = False
            self._seen = 0

    def end(self) -> Iterator[Line]:
        """What is left when the file ends inside a conversation: it is cut short."""
        if self._inside:
            yield Line(self._line, None if self._overlong else bytes(self._held))

    def _enter(self) -> bool:
        found = _OPEN.search(self._held)
        if found is None:
            self._drop(max(0, len(self._held) - _KEPT_BACK))
            return False
        self._drop(found.start())
        self._inside = True
        self._seen = 1
        return True

    def _end(self) -> int | None:
        """Where the conversation ends: after its end tag, or before the next one's start."""
        close = self._held.find(_CLOSE, self._seen)
        following = _OPEN.search(self._held, self._seen, close if close >= 0 else len(self._held))
        if following is not None:
            return following.start()
        self._seen = max(self._seen, len(self._held) - _KEPT_BACK - 1)
        return close + len(_CLOSE) if close >= 0 else None

    def _bound(self) -> None:
        if len(self._held) > self._longest:
            self._overlong = True
        if self._overlong:
            kept = len(self._held) - _KEPT_BACK - 1
            self._drop(max(0, kept))
            self._seen = 0

    def _drop(self, count: int) -> None:
        self._line += self._held.count(b"\n", 0, count)
        del self._held[:count]


def _tree(content: bytes | None, parser: etree.XMLParser) -> etree._Element:
    if content is None:
        raise Damaged("the conversation is too long")
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Damaged("the conversation is not whole XML in UTF-8") from None


class _Reading:
    """One conversation being read from its tree."""

    def __init__(self, tally: Tally, predators: frozenset[str] | None) -> None:
        self._tally = tally
        self._predators = predators
        self._clock = Clock()

    def conversation(self, tree: etree._Element) -> Labelled:
        identity = _identity(tree.get("id", ""), "the conversation")
        if not identity:
            raise Damaged("the conversation has no id")
        messages = tuple(self._messages(tree))
        found: tuple[str, ...] = ()
        if self._predators is not None:
            found = tuple(sorted({message.author for message in messages} & self._predators))
        return Labelled(
            conversation=Conversation(id=identity, language="en", messages=messages),
            label=None if self._predators is None else bool(found),
            predator_ids=found,
            source=SOURCE,
        )

    def _messages(self, tree: etree._Element) -> Iterator[Message]:
        for child in tree:
            if child.tag == "message":
                yield self._message(child)
            elif isinstance(child.tag, str):
                self._tally.ignore(child.tag)

    def _message(self, element: etree._Element) -> Message:
        parts: dict[str, str] = {}
        for child in element:
            if child.tag in _TAGS:
                parts[child.tag] = "".join(child.itertext())
            elif isinstance(child.tag, str):
                self._tally.ignore(f"message.{child.tag}")
        written = parts.get("time", "").strip()
        time = self._clock.read(written) if written else None
        if written and time is None:
            self._tally.mend("time that was not understood")
        return Message(
            author=_identity(parts.get("author", ""), "an author"),
            time=time,
            text=_unescaped(parts.get("text", "")),
            number=_number(element.get("line", "")),
        )


def _identity(text: str, name: str) -> str:
    if len(text) > LONGEST_ID:
        raise Damaged(f"the id of {name} is longer than {LONGEST_ID} characters")
    return text.strip()


def _number(line: str) -> int | None:
    return int(line) if line.isascii() and line.isdigit() and len(line) < 10 else None  # noqa: PLR2004 - fits


def _unescaped(text: str) -> str:
    """The second of the two unescapings; only whole references, so that `a&copy` stays."""
    if "&" not in text:
        return text
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
