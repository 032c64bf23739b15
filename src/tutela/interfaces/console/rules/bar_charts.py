"""The curves of a simulation, drawn in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10

from markupsafe import Markup

from tutela.conversations.bar import Bar
from tutela.detection.conversation.bar.simulating import Point
from tutela.detection.conversation.bar.traffic import TURNS
from tutela.interfaces.charts.axis import Axis
from tutela.interfaces.charts.drawing import Series, lines
from tutela.interfaces.language import Translator
from tutela.model.record import Record

HIGHEST = 10.0
_STEEP = 50


class Chart(Record, frozen=True, kw_only=True):
    """A chart with its title."""

    title: str
    drawing: Markup


def charts(bar: Bar, shown: float, texts: Translator) -> Sequence[Chart]:
    """Alerts a day, the share that is right, and how early they come; each by threshold.

    What nothing is known of is left out.

    Args:
        bar: what was simulated.
        shown: the threshold to mark.
        texts: the reader's language.
    """
    points = [one for one in bar.simulation.points if one.threshold >= bar.floor]
    x = Axis(texts.gettext("threshold"), bar.floor, HIGHEST, written=_written(texts))
    mark = (shown, texts.amount(shown))
    drawn = (_alerts(points, texts), _right(points, texts), _early(points, texts))
    return [
        # What is drawn is made and escaped by `lines`; nothing in it comes from outside.
        Chart(
            title=title,
            drawing=Markup(lines(f"bar-{number}", title, x, y, series, mark)),  # noqa: S704
        )
        for number, (title, y, series) in enumerate(drawn, start=1)
        if any(one.points for one in series)
    ]


def _alerts(points: Sequence[Point], texts: Translator) -> tuple[str, Axis, Sequence[Series]]:
    rates = [(one.threshold, one.alerts_per_day) for one in points]
    title = texts.gettext("Alerts a day, by threshold")
    series = (Series(texts.gettext("alerts a day"), rates, steps=True),)
    return title, _rate(texts, [rate for _, rate in rates]), series


def _rate(texts: Translator, rates: Sequence[float]) -> Axis:
    title, written = texts.gettext("alerts a day"), _written(texts)
    highest = max(rates, default=0.0)
    lowest = min((rate for rate in rates if rate), default=0.0)
    if lowest and highest / lowest >= _STEEP:
        low, high = 10.0 ** floor(log10(lowest)), 10.0 ** (floor(log10(highest)) + 1)
        return Axis(title, low, high, logarithmic=True, written=written)
    return Axis(title, 0.0, highest or 1.0, written=written)


def _right(points: Sequence[Point], texts: Translator) -> tuple[str, Axis, Sequence[Series]]:
    known = [(one.threshold, one.precision) for one in points if one.precision is not None]
    title = texts.gettext("Share of the alerts that people would find right, by threshold")
    series = (
        Series(
            texts.gettext("expected"),
            [(at, share.value) for at, share in known if share.value is not None],
        ),
        Series(texts.gettext("lower end"), [(at, share.low) for at, share in known]),
        Series(texts.gettext("upper end"), [(at, share.high) for at, share in known]),
    )
    return title, _share(texts), series


def _early(points: Sequence[Point], texts: Translator) -> tuple[str, Axis, Sequence[Series]]:
    known = [(one.threshold, one.by_turn) for one in points if one.by_turn is not None]
    title = texts.gettext("Share of the alerts that come early, by threshold")
    series = [
        Series(
            texts.gettext("within %(turn)s messages") % {"turn": turn},
            [(at, shares[place]) for at, shares in known],
        )
        for place, turn in enumerate(TURNS)
    ]
    return title, _share(texts), series


def _share(texts: Translator) -> Axis:
    title = texts.gettext("share of the alerts")
    return Axis(title, 0.0, 1.0, percent=True, written=lambda value: texts.share(value, 0))


def _written(texts: Translator) -> Callable[[float], str]:
    return lambda value: texts.amount(int(value) if value == int(value) else round(value, 6))
