"""YAML of the law read node by node, so that every mistake is named with its line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from tutela.declarations.position import position_of
from tutela.declarations.wording import nearest
from tutela.errors import BadConfiguration
from tutela.policy.law.records import Source

LARGEST = 256 * 1024
"""Bytes that a file may have."""
LONGEST = 1500
"""Characters that one text in it may have."""

E = TypeVar("E", bound=StrEnum)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_WEB = re.compile(r"https://[^\s]{4,500}")
_TAG = "tag:yaml.org,2002:"
_TO_COMPOSE = {"\\t": ("a tab cannot be used to indent", "use spaces")}


class Reader:
    """One file while it is read.

    Args:
        text: the whole file.
        file: what to call it in errors.
        today: the day that no date may lie after.
    """

    def __init__(self, text: str, file: str, today: date) -> None:
        self.file = file
        self._text = text
        self._today = today

    @classmethod
    def of(cls, path: Path, today: date) -> Reader:
        """A file on disk; raises `BadConfiguration` where it cannot be read."""
        try:
            raw = path.read_bytes()
        except OSError as problem:
            what = f"the file cannot be read ({problem.strerror})"
            raise BadConfiguration(what, where=str(path)) from None
        if len(raw) > LARGEST:
            raise BadConfiguration(f"such a file may have {LARGEST:,} bytes", where=str(path))
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = raw.count(b"\n", 0, problem.start) + 1
            raise BadConfiguration("the file is not UTF-8", where=f"{path}:{line}") from None
        return cls(text.replace("\r\n", "\n"), str(path), today)

    def error(self, what: str, node: Node, remedy: str = "") -> BadConfiguration:
        """An error at the start of a node."""
        return self._error_at(what, node.start_mark.index, remedy)

    def top(self) -> Node:
        """The whole file."""
        try:
            node: Node | None = YAML(typ="safe", pure=True).compose(self._text)
        except MarkedYAMLError as problem:
            mark = problem.problem_mark or problem.context_mark
            said = str(problem.problem)
            known = (words for sign, words in _TO_COMPOSE.items() if sign in said)
            default = (f"this is not YAML: {said}", "check indentation, quotes and brackets")
            what, remedy = next(known, default)
            raise self._error_at(what, mark.index if mark else 0, remedy) from None
        except ReaderError as problem:
            what = "this character cannot stand in a text file"
            raise self._error_at(what, int(problem.position), "remove it") from None
        except (YAMLError, RecursionError, ValueError):
            raise self._error_at("this is not YAML", 0, "check indentation and brackets") from None
        if node is None:
            raise self._error_at("the file is empty", 0, "docs/how-to/adapt-the-law.md shows one")
        return node

    def keyed(
        self, node: Node, what: str, known: Collection[str], required: Collection[str] = ()
    ) -> dict[str, Node]:
        """The values of a mapping by key: each known, none twice, none missing."""
        for key, _ in self._pairs(node, what):
            if key.value not in known:
                remedy = nearest(key.value, known, f"{what} has {', '.join(known)}")
                raise self.error(f"unknown key {key.value}", key, remedy)
        keyed = self.free(node, what)
        missing = next((key for key in required if key not in keyed), None)
        if missing:
            raise self.error(f"{what} lacks {missing}", node, f"add `{missing}:`")
        return keyed

    def named(self, node: Node, what: str) -> dict[str, Node]:
        """The values of a mapping whose keys are short names that its author chooses."""
        for key, _ in self._pairs(node, what):
            self._check_name(key, "a name")
        return self.free(node, what)

    def free(self, node: Node, what: str) -> dict[str, Node]:
        """The values of a mapping whose keys are any texts, such as names of surfaces."""
        keyed: dict[str, Node] = {}
        for key, value in self._pairs(node, what):
            if key.value in keyed:
                raise self.error(f"{key.value} is given twice", key, "remove one of them")
            keyed[key.value] = value
        return keyed

    def name(self, node: Node, what: str) -> str:
        """A short name."""
        self.words(node, what)
        return self._check_name(node, what)

    def words(self, node: Node, what: str) -> str:
        """A text that says something, on one line."""
        if not isinstance(node, ScalarNode) or node.tag != _TAG + "str":
            raise self.error(f"{what} must be text", node, "put it in quotes")
        text = " ".join(node.value.split())
        if not text:
            raise self.error(f"{what} is empty", node, "say it in plain words, or leave it out")
        if len(text) > LONGEST:
            raise self.error(f"{what} may have {LONGEST:,} characters", node)
        return text

    def one_of(self, node: Node, what: str, known: Collection[str]) -> str:
        """One of some texts."""
        text = str(node.value) if isinstance(node, ScalarNode) else ""
        if text not in known:
            remedy = nearest(text, known, f"it is one of: {', '.join(known)}")
            raise self.error(f"unknown {what} {text}".strip(), node, remedy)
        return text

    def choice(self, node: Node, what: str, kind: type[E]) -> E:
        """A member of an enumeration."""
        return kind(self.one_of(node, what, [member.value for member in kind]))

    def flag(self, node: Node, what: str) -> bool:
        """True or false."""
        if not isinstance(node, ScalarNode) or node.tag != _TAG + "bool":
            raise self.error(f"{what} must be true or false", node)
        return str(node.value).lower() == "true"

    def day(self, node: Node, what: str) -> date:
        """A date that is not in the future."""
        try:
            day = date.fromisoformat(str(node.value))
        except ValueError:
            raise self.error(f"{what} must be a date", node, "write it as 2026-11-22") from None
        if day > self._today:
            raise self.error(f"{what} lies in the future", node, "write the day it was")
        return day

    def items(self, node: Node, what: str) -> Sequence[Node]:
        """The items of a list that has some."""
        if not isinstance(node, SequenceNode):
            raise self.error(f"{what} must be a list", node, "write [one, two] or lines with -")
        if not node.value:
            raise self.error(f"{what} is an empty list", node, "it needs at least one item")
        return list(node.value)

    def region(self, node: Node) -> str:
        """An ISO 3166 code of a country or of a part of one."""
        text = str(node.value) if isinstance(node, ScalarNode) else ""
        if not _REGION.fullmatch(text):
            what = "a region is an ISO 3166 code: DE, or US-CA for a part of a country"
            raise self.error(what, node, "write it in capitals")
        return text

    def regions(self, node: Node) -> tuple[str, ...]:
        """A list of such codes, none twice."""
        found: list[str] = []
        for item in self.items(node, "codes"):
            code = self.region(item)
            if code in found:
                raise self.error(f"{code} is listed twice", item, "remove one of them")
            found.append(code)
        return tuple(found)

    def code(self, node: Node, what: str) -> str:
        """A short word that stands in records, such as the name of a category."""
        text = self.words(node, what)
        if not _CODE.fullmatch(text):
            raise self.error(f"{what} has letters, digits, - and _, at most 32", node)
        return text

    def source(self, node: Node) -> Source:
        """A law with its title and perhaps its address."""
        keyed = self.keyed(node, "a source", ("title", "url"), ("title",))
        url = self.words(keyed["url"], "a source's url") if "url" in keyed else ""
        if url and not _WEB.fullmatch(url):
            raise self.error("a source's url begins with https://", keyed["url"])
        return Source(title=self.words(keyed["title"], "a source's title"), url=url)

    def _check_name(self, node: Node, what: str) -> str:
        if not _NAME.fullmatch(node.value):
            raise self.error(f"{what} has small letters, digits, - and _, at most 48", node)
        return str(node.value)

    def _pairs(self, node: Node, what: str) -> Sequence[tuple[ScalarNode, Node]]:
        if not isinstance(node, MappingNode):
            raise self.error(f"{what} is written as keys and values", node, "write `key: value`")
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise self.error("a key must be text", key)
        return [(key, value) for key, value in node.value]

    def _error_at(self, what: str, index: int, remedy: str) -> BadConfiguration:
        place = position_of(self._text, index)
        return BadConfiguration(what, where=place.in_file(self.file), remedy=remedy)
