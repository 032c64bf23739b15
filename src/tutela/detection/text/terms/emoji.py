"""A table of what emoji stand for among those who write on a platform.

docs/reference/term-lists.md describes the file.
"""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tutela.declarations.source import Source
from tutela.detection.text.characters import EMOJI, GONE
from tutela.errors import BadConfiguration
from tutela.model.record import Record

LARGEST = 256 * 1024
"""Bytes that a table may have."""

_FORMAT = "1"
_KEYS = ("emoji", "owner", "version", "codes")
_ONE = re.compile(f"[{EMOJI}]")
_WORDS = re.compile(r"[^\W_]+(?: [^\W_]+){0,3}")
_LONGEST = 48


class EmojiCodes(Record, frozen=True, kw_only=True):
    """What emoji stand for.

    Attributes:
        owner: who keeps the table and can be asked.
        version: as its owner counts.
        codes: the word, or up to four, by the emoji.
    """

    owner: str
    version: str
    codes: dict[str, str]

    def __repr__(self) -> str:
        """Without its words."""
        return f"EmojiCodes({self.version})"


def open_emoji(file: Path) -> EmojiCodes:
    """The table of a file.

    Raises:
        BadConfiguration: with `file:line:column` of the mistake, or that it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return read_emoji(opened.read(LARGEST + 1), str(file))
    except OSError as problem:
        what = f"the table of emoji cannot be read: {problem.strerror}"
        raise BadConfiguration(what, where=str(file)) from None


def read_emoji(data: bytes, file: str) -> EmojiCodes:
    """The table that a text holds.

    Raises:
        BadConfiguration: with `file:line:column` of the mistake.
    """
    if len(data) > LARGEST:
        raise BadConfiguration(f"a table of emoji may have {LARGEST:,} bytes", where=file)
    try:
        text = data.decode().replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadConfiguration("the file is not UTF-8", where=file, remedy="save it so") from None
    source = Source(text, file, "it needs `emoji:` and `codes:`", "table of emoji")
    top = source.keyed(source.compose(), "a table of emoji", _KEYS, _KEYS)
    if not isinstance(top["emoji"], ScalarNode) or top["emoji"].value != _FORMAT:
        raise source.error("this form of tables is not known", top["emoji"], "emoji: 1")
    return EmojiCodes(
        owner=_text(source, top["owner"], "an owner"),
        version=_text(source, top["version"], "a version"),
        codes=_codes(source, top["codes"]),
    )


def _codes(source: Source, node: Node) -> dict[str, str]:
    if not isinstance(node, MappingNode):
        raise source.error("codes are written as keys and values", node)
    codes: dict[str, str] = {}
    for key, value in node.value:
        emoji = GONE.sub("", key.value) if isinstance(key, ScalarNode) else ""
        if not _ONE.fullmatch(emoji):
            raise source.error("this is not one emoji", key, "joined ones are written one by one")
        if emoji in codes:
            raise source.error("this emoji is given twice", key, "remove one of them")
        word = _text(source, value, "what an emoji stands for").casefold()
        if len(word) > _LONGEST or not _WORDS.fullmatch(word):
            raise source.error(
                "an emoji stands for one to four words", value, "no signs, no tokens"
            )
        codes[emoji] = word
    return codes


def _text(source: Source, node: Node, what: str) -> str:
    """A text, also what YAML reads as a number."""
    if source.is_a(node, "int", "float") and isinstance(node, ScalarNode):
        return str(node.value)
    return source.sentence(node, what)
