"""PANC (Vogt, Leser, Akbik 2021): datapacks in JSON, and tables of segments.

A datapack is `{"chats": {name: {"className", "content": [{"type", "author", "body", "time"}]}}}`.
A table has the columns `label`, `chatName` and `segment`; it names no authors, so that segments
of one chat carry its name as their id and belong together by it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import ijson

from tutela.detection.conversation.corpora.clock import Clock
from tutela.detection.conversation.corpora.record import clean, identifier
from tutela.detection.conversation.corpora.source import CHUNK_BYTES, Source
from tutela.detection.conversation.corpora.tally import Damaged, Tally
from tutela.model.conversation.message import Conversation, Labelled, Message

SOURCE: Final = "panc"

_CLASSES = {"predator": True, "non-predator": False}
_CHAT = frozenset(("className", "content"))
_CONTENT = frozenset(("type", "author", "body", "time"))


def read_panc(source: Source, tally: Tally) -> Iterator[Labelled]:
    """Yield the chats of a datapack; damaged ones go to `tally`, by their number.

    A file whose JSON breaks off gives the chats before the one in which it does.
    """
    for number, (name, chat) in enumerate(_chats(source, tally), 1):
        try:
            labelled = _Chat(tally).labelled(name, chat)
        except Damaged as damage:
            tally.skip(number, str(damage))
            continue
        tally.read += 1
        yield labelled


def _chats(source: Source, tally: Tally) -> Iterator[tuple[object, object]]:
    """The chats by their names, up to where the JSON breaks off."""
    stream = io.BufferedReader(source, CHUNK_BYTES)
    found = ijson.sendable_list()
    parser = ijson.kvitems_coro(found, "chats", use_float=True)
    number = 0
    broken = False
    while chunk := stream.read(CHUNK_BYTES):
        # After a break the rest is read for the digest only.
        broken = broken or not _fed(parser, chunk)
        number += len(found)
        yield from found
        del found[:]
        if broken and parser is not None:
            parser = None
            tally.skip(number + 1, "the JSON is broken or cut short here; the rest was not read")
    if not broken and not _closed(parser):
        tally.skip(number + 1, "the JSON is cut short here")


def _fed(parser: Any, chunk: bytes) -> bool:  # noqa: ANN401 - ijson ships no types
    try:
        parser.send(chunk)
    except StopIteration:
        return True
    except (ijson.JSONError, ValueError):
        return False
    return True


def _closed(parser: Any) -> bool:  # noqa: ANN401 - ijson ships no types
    try:
        parser.close()
    except (ijson.JSONError, ValueError):
        return False
    return True


def class_of(name: object) -> bool | None:
    """The label that a class or a cell of a table stands for; None where it is empty.

    Raises:
        Damaged: it is neither of the two.
    """
    text = str(name or "").strip().lower()
    if not text:
        return None
    if text not in _CLASSES:
        raise Damaged("the class is neither predator nor non-predator")
    return _CLASSES[text]


class _Chat:
    """One chat being read."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._clock = Clock()

    def labelled(self, name: object, chat: object) -> Labelled:
        if not isinstance(chat, dict) or not isinstance(chat.get("content"), list):
            raise Damaged("the chat has no list `content`")
        for other in chat.keys() - _CHAT:
            self._tally.ignore(f"chats.{other}")
        identity = identifier(name, "the name of the chat")
        if not identity:
            raise Damaged("the chat has no name")
        return Labelled(
            conversation=Conversation(
                id=identity,
                language="en",
                messages=tuple(self._messages(chat["content"])),
            ),
            label=class_of(chat.get("className")),
            source=SOURCE,
        )

    def _messages(self, content: list[Any]) -> Iterator[Message]:
        for at, part in enumerate(content, 1):
            if not isinstance(part, dict):
                raise Damaged(f"part {at} of the content is not an object")
            for other in part.keys() - _CONTENT:
                self._tally.ignore(f"content.{other}")
            # A separator only says where a segment was cut.
            if part.get("type", "message") == "message":
                yield self._message(part, at)

    def _message(self, part: dict[str, Any], at: int) -> Message:
        body = part.get("body")
        if body is not None and not isinstance(body, str):
            raise Damaged(f"the body of part {at} is not a text")
        time = self._clock.read(part.get("time"))
        if time is None and part.get("time"):
            self._tally.mend("time that was not understood")
        return Message(
            author=identifier(part.get("author"), f"the author of part {at}"),
            text=clean(body or "", self._tally),
            time=time,
        )
