"""Where a character of a YAML text stands in its file.

A condition may be written plain, in quotes, or as a block of lines; YAML folds and unescapes it.
The compiler speaks of positions in the resulting text, its author of those in the file.
"""

from __future__ import annotations

from ruamel.yaml.nodes import ScalarNode

from tutela.model.record import Record


class Position(Record, frozen=True, kw_only=True):
    """Line and column in a file, both from 1, columns counted in characters."""

    line: int
    column: int

    def in_file(self, name: str) -> str:
        """`file:line:column`, as editors and terminals understand it."""
        return f"{name}:{self.line}:{self.column}"


def position_of(source: str, index: int) -> Position:
    """The position of the character at `index`."""
    start = source.rfind("\n", 0, index) + 1
    return Position(line=source.count("\n", 0, index) + 1, column=index - start + 1)


def position_in(node: ScalarNode, source: str, line: int, column: int) -> Position:
    """The position in the file of a position in a scalar's text.

    YAML keeps the order of all characters that are not white space, so that the two texts are
    walked side by side. An escape that hides a character leads back to the scalar's start.

    Args:
        node: the scalar.
        source: the whole file.
        line: line in the scalar's text, from 1.
        column: column in that line, from 1; one past the end stands for the end.
    """
    wanted = _offset(node.value, line, column)
    at_end = not node.value[wanted:].strip()
    if at_end:
        wanted = len(node.value.rstrip()) - 1
    start = _first_character(node, source)
    place = start - 1
    for character in node.value[: wanted + 1]:
        if not character.isspace():
            place = source.find(character, place + 1, node.end_mark.index)
            if place < 0:
                return position_of(source, start)
    if at_end:
        return position_of(source, place + 1)
    # White space itself is not walked; its neighbour to the left was the last one found.
    return position_of(source, max(place, start))


def _first_character(node: ScalarNode, source: str) -> int:
    if node.style in ("|", ">"):
        return source.index("\n", node.start_mark.index) + 1
    return int(node.start_mark.index) + (1 if node.style else 0)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")[: line - 1]
    return min(sum(len(one) + 1 for one in lines) + column - 1, len(text))
