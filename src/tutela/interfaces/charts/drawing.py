"""Charts as SVG: lines and bars, with no script, no style of their own and no outside file.

Colours come from the page, which styles the classes `series-0`, `series-1`, … and `grid`; lines
also differ in their dashes, so that nobody needs to tell colours apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from tutela.interfaces.charts.axis import Axis

WIDTH: Final = 640
HEIGHT: Final = 300
_LEFT: Final = 70
_RIGHT: Final = 16
_TOP: Final = 12
_BOTTOM: Final = 48
_LEGEND: Final = 22
_ROW: Final = 26
_LABEL: Final = 190
_DASHES: Final = ("", "7 4", "3 3", "10 3 2 3")


class Series(NamedTuple):
    """A line: its name, and its points as pairs of the two axes' numbers."""

    name: str
    points: Sequence[tuple[float, float]]
    steps: bool = False


class Bar(NamedTuple):
    """A bar with its interval."""

    name: str
    value: float
    low: float
    high: float
    text: str


def lines(
    identity: str,
    title: str,
    x: Axis,
    y: Axis,
    series: Sequence[Series],
    mark: tuple[float, str] | None = None,
) -> str:
    """A chart of lines.

    Args:
        identity: unique in its page.
        title: what it shows, in a sentence.
        x, y: its axes.
        series: its lines.
        mark: a number of the x axis to mark, and what stands there.
    """
    height = HEIGHT + _LEGEND * len(series)
    parts = [*_grid(x, y), *_marked(x, mark)]
    for number, one in enumerate(series):
        parts += _line(number, one, x, y)
        parts += _legend(number, one.name)
    return _svg(identity, title, height, parts)


def ends() -> tuple[int, int]:
    """Where the x axis of a chart of lines begins and ends, for a script that moves its mark."""
    return _LEFT, WIDTH - _RIGHT


def bars(identity: str, title: str, x: Axis, rows: Sequence[Bar]) -> str:
    """A chart of bars that lie one under the other, each with its interval as a thin line."""
    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = list(_columns(x, height))
    for number, row in enumerate(rows):
        parts += _bar(number, row, x)
    return _svg(identity, title, height, parts)


def _svg(identity: str, title: str, height: int, parts: Sequence[str]) -> str:
    name = escape(f"{identity}-title", quote=True)
    head = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}">'
        f'<title id="{name}">{escape(title)}</title>'
    )
    return head + "".join(parts) + "</svg>"


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.place(value) * (WIDTH - _LEFT - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - _BOTTOM - axis.place(value) * (HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, name: str = "grid") -> str:
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    for tick in x.ticks():
        at = _x(x, tick)
        yield _rule(at, _TOP, at, bottom)
        yield _text(at, bottom + 16, x.text(tick))
    for tick in y.ticks():
        at = _y(y, tick)
        yield _rule(_LEFT, at, right, at)
        yield _text(_LEFT - 6, at + 4, y.text(tick), "end")
    yield _text((_LEFT + right) / 2, bottom + 36, x.title)
    middle = (_TOP + bottom) / 2
    yield (
        f'<text transform="translate(16 {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.title)}</text>"
    )


def _marked(x: Axis, mark: tuple[float, str] | None) -> Iterator[str]:
    if mark is not None:
        at = _x(x, mark[0])
        yield _rule(at, _TOP, at, HEIGHT - _BOTTOM, "mark")
        yield _text(at, _TOP + 10, mark[1], "end" if at > WIDTH / 2 else "start")


def _line(number: int, series: Series, x: Axis, y: Axis) -> Iterator[str]:
    points = [(_x(x, one), _y(y, other)) for one, other in series.points]
    if not points:
        return
    (first_x, first_y), *rest = points
    path = f"M{first_x:.1f} {first_y:.1f}"
    for at_x, at_y in rest:
        path += f"H{at_x:.1f}V{at_y:.1f}" if series.steps else f"L{at_x:.1f} {at_y:.1f}"
    yield f'<path class="series-{number}" fill="none"{_dashes(number)} d="{path}"/>'


def _legend(number: int, name: str) -> Iterator[str]:
    at = HEIGHT + _LEGEND * number + 6
    yield (
        f'<line class="series-{number}"{_dashes(number)} x1="{_LEFT}" x2="{_LEFT + 34}" '
        f'y1="{at}" y2="{at}"/>'
    )
    yield _text(_LEFT + 42, at + 4, name, "start")


def _dashes(number: int) -> str:
    dashes = _DASHES[number % len(_DASHES)]
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _across(x: Axis, value: float) -> float:
    return _LABEL + x.place(value) * (WIDTH - _LABEL - 3 * _RIGHT)


def _columns(x: Axis, height: int) -> Iterator[str]:
    bottom = height - _BOTTOM
    for tick in x.ticks():
        at = _across(x, tick)
        yield _rule(at, _TOP, at, bottom)
        yield _text(at, bottom + 16, x.text(tick))
    yield _text((_LABEL + WIDTH) / 2, bottom + 36, x.title)


def _bar(number: int, row: Bar, x: Axis) -> Iterator[str]:
    top = _TOP + _ROW * number
    middle = top + _ROW / 2
    start, end = _across(x, x.low), _across(x, row.value)
    yield _text(_LABEL - 8, middle + 4, row.name, "end")
    yield (
        f'<rect class="bar" x="{start:.1f}" y="{top + 5}" width="{end - start:.1f}" '
        f'height="{_ROW - 10}"><title>{escape(row.text)}</title></rect>'
    )
    yield _rule(_across(x, row.low), middle, _across(x, row.high), middle, "interval")
