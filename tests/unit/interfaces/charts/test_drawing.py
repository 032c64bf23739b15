from __future__ import annotations

import re

from lxml import etree

from tutela.interfaces.charts.axis import Axis
from tutela.interfaces.charts.drawing import WIDTH, Bar, Series, bars, lines

X = Axis("messages", 0, 50)
Y = Axis("share", 0, 1, percent=True)


def numbers(svg: str, attribute: str) -> list[float]:
    return [float(one) for one in re.findall(rf'\b{attribute}="([-\d.]+)"', svg)]


def test_lines_are_whole_xml_and_lie_within_the_chart() -> None:
    points = [(0.0, 0.0), (10.0, 0.4), (70.0, 2.0)]
    svg = lines(
        "a", "what it shows", X, Y, [Series("one", points), Series("two", points, steps=True)]
    )
    tree = etree.fromstring(svg)
    assert tree.attrib["role"] == "img"
    assert len(tree.findall("path")) == 2
    for attribute in ("x1", "x2", "x"):
        assert all(0 <= one <= WIDTH for one in numbers(svg, attribute))


def test_names_are_escaped_and_nothing_runs() -> None:
    evil = "<script>alert(1)</script>\"'&"
    drawn = lines('a"b', evil, Axis(evil, 0, 1), Y, [Series(evil, [(0.0, 0.5)])], mark=(0.5, evil))
    drawn += bars("b", evil, Y, [Bar(evil, 0.2, 0.1, 0.4, evil)])
    assert "<script" not in drawn
    assert "style=" not in drawn
    etree.fromstring(f"<div>{drawn}</div>")


def test_lines_differ_in_more_than_their_colour() -> None:
    svg = lines("a", "t", X, Y, [Series(str(at), [(0.0, 0.1), (1.0, 0.2)]) for at in range(3)])
    found = re.findall(r"<path [^>]*>", svg)
    assert len({re.sub(r'class="[^"]*"', "", one) for one in found}) == 3


def test_bars_and_their_intervals_start_and_end_where_their_numbers_do() -> None:
    svg = bars("b", "t", Y, [Bar("one", 0.5, 0.25, 0.75, "half"), Bar("none", 0, 0, 0.01, "no")])
    tree = etree.fromstring(svg)
    one, none = tree.findall("rect")
    assert float(none.attrib["width"]) == 0
    whole = 2 * float(one.attrib["width"])
    interval = tree.find("line[@class='interval']")
    assert interval is not None
    start = float(one.attrib["x"])
    assert abs(float(interval.attrib["x1"]) - (start + 0.25 * whole)) < 0.2
    assert abs(float(interval.attrib["x2"]) - (start + 0.75 * whole)) < 0.2


def test_a_chart_without_lines_is_drawn_empty() -> None:
    etree.fromstring(lines("a", "t", X, Y, [Series("none", [])]))
    etree.fromstring(bars("b", "t", Y, []))
