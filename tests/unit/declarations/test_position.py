"""A position in a condition leads to the same character in the file, however YAML wrote it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode

from tutela.declarations.position import position_in, position_of

WORDS = st.sampled_from(
    [
        "matches.exists(m,",
        "m.trusted",
        "&&",
        "==",
        "!=",
        "'it'",
        '"DE"',
        "size()",
        "ü",
        "31",
        "[1]",
        "x?y",
    ]
)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=4)


def literal(lines: list[str]) -> str:
    return "|\n" + "".join(f"      {line}\n" for line in lines)


def folded(lines: list[str]) -> str:
    return ">-\n" + "".join(f"      {line}\n" for line in lines)


def single(lines: list[str]) -> str:
    return "'" + "\n      ".join(line.replace("'", "''") for line in lines) + "'\n"


def double(lines: list[str]) -> str:
    return '"' + "\n      ".join(line.replace('"', '\\"') for line in lines) + '"\n'


def plain(lines: list[str]) -> str:
    return "\n      ".join(["x", *lines]) + "\n"


STYLES = st.sampled_from([literal, folded, single, double, plain])


def scalar(source: str) -> ScalarNode:
    top = YAML(typ="safe", pure=True).compose(source)
    assert isinstance(top, MappingNode)
    node = top.value[1][1]
    assert isinstance(node, ScalarNode)
    return node


@settings(deadline=None)
@given(LINES, STYLES)
def test_each_character_is_found(lines: list[str], style: object) -> None:
    assert callable(style)
    source = f"policy: x  # ünlike\nwhen: {style(lines)}reason: y\n"
    node = scalar(source)
    for number, line in enumerate(node.value.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if not character.isspace() and character not in "'\"":
                found = position_in(node, source, number, column)
                assert source.split("\n")[found.line - 1][found.column - 1] == character


@settings(deadline=None)
@given(LINES, STYLES)
def test_the_end_is_just_after_the_last_character(lines: list[str], style: object) -> None:
    assert callable(style)
    source = f"policy: x\nwhen: {style(lines)}reason: y\n"
    node = scalar(source)
    last = node.value.split("\n")
    found = position_in(node, source, len(last), len(last[-1]) + 1)
    before = source.split("\n")[found.line - 1][: found.column - 1]
    assert before.endswith(node.value.rstrip()[-1])


def test_an_escape_that_hides_a_character_leads_to_the_start() -> None:
    source = 'policy: x\nwhen: "\\x61 == 1"\n'
    found = position_in(scalar(source), source, 1, 1)
    assert found.in_file("p.yaml") == "p.yaml:2:8"


def test_positions_are_counted_from_one() -> None:
    assert position_of("ab\ncd", 0).in_file("f") == "f:1:1"
    assert position_of("ab\ncd", 4).in_file("f") == "f:2:2"
