"""The course of a rating as a drawing: numbers of a picture that a template writes as SVG.

Every drawing has a table beside it that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutela.model.record import Record

WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 30
HIGHEST = 10


class Dot(Record, frozen=True, kw_only=True):
    """A point that stands out."""

    x: float
    y: float


class Tick(Record, frozen=True, kw_only=True):
    """A mark of an axis, at its place along it."""

    at: float
    label: int


class Course(Record, frozen=True, kw_only=True):
    """How the highest rating rose over the messages of a conversation.

    Attributes:
        line: the points of a line, as SVG writes them: it goes up in steps.
        dots: where something was raised.
        across, up: marks of the axes, in messages and in values.
    """

    line: str
    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def course_of(
    steps: Sequence[tuple[int, float]], raised: Sequence[tuple[int, float]], messages: int
) -> Course:
    """A drawing of a course.

    Args:
        steps: each new peak: the message that it was reached with, from 1, and its value.
        raised: likewise, where it became an event.
        messages: how many were rated.
    """
    last = max([messages, 1, *(turn for turn, _ in (*steps, *raised))])
    line, value = [(0, 0.0)], 0.0
    for turn, peak in steps:
        line += [(turn, value), (turn, peak)]
        value = peak
    line.append((last, value))
    drawn = (f"{_x(turn, last)},{_y(peak)}" for turn, peak in line)
    return Course(
        line=" ".join(drawn),
        dots=tuple(Dot(x=_x(turn, last), y=_y(peak)) for turn, peak in raised),
        across=tuple(Tick(at=_x(turn, last), label=turn) for turn in _turns(last)),
        up=tuple(Tick(at=_y(value), label=value) for value in (0, 5, HIGHEST)),
    )


def _turns(last: int) -> list[int]:
    """Some round numbers of messages, and the last one."""
    return sorted({0, *(last * part // 4 for part in (1, 2, 3)), last})


def _x(turn: int, last: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * turn / last, 1)


def _y(value: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, HIGHEST) / HIGHEST, 1)
