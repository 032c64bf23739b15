"""The report for people: one HTML page with charts that needs no other file and runs nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO

import jinja2
from markupsafe import Markup

from tutela.detection.conversation.evaluation.report import EvaluationReport
from tutela.interfaces.charts.axis import Axis
from tutela.interfaces.charts.drawing import Bar, Series, bars, lines
from tutela.interfaces.cli.conversations.figures.sections import (
    Section,
    percent,
    rater_names,
    sections,
)
from tutela.interfaces.cli.conversations.figures.view import printable

_LEAST_RATE = 1e-4
_SHARE = Axis("average precision", 0, 1)


def write_page(stream: BinaryIO, report: EvaluationReport) -> None:
    """Write the page.

    Args:
        stream: takes it as UTF-8.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tutela.interfaces.cli.conversations.figures", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"printable": printable}
    page = environment.get_template("page.html.j2").stream(
        report=report,
        sections=[*sections(report), _curve_table(report)],
        charts=charts(report),
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    page.enable_buffering(100)
    page.dump(stream, encoding="utf-8", errors="xmlcharrefreplace")


def charts(report: EvaluationReport) -> dict[str, Markup]:
    """The charts by the section that holds their numbers."""
    found = {
        "prefixes": _prefixes(report),
        "early": _early(report),
        "curve": _curve(report),
        "strata": _strata(report),
    }
    # What is drawn is made here from numbers and escaped names.
    return {name: Markup(svg) for name, svg in found.items() if svg}  # noqa: S704


def _prefixes(report: EvaluationReport) -> str:
    last = max((at.messages or 0) for at in report.raters[0].prefixes)
    series = [
        Series(
            name,
            [
                (at.messages, at.average_precision.value)
                for at in one.prefixes
                if at.messages is not None and at.average_precision.value is not None
            ],
        )
        for name, one in zip(rater_names(report), report.raters, strict=True)
    ]
    title = "Average precision after 5, 10, 20 and 50 messages"
    return lines("prefixes", title, Axis("messages seen", 0, last), _SHARE, series)


def _early(report: EvaluationReport) -> str:
    shares = [one.early.shares for one in report.raters]
    last = max((at for at, _ in shares[0]), default=1)
    series = [
        Series(name, [(float(at), share) for at, share in found], steps=True)
        for name, found in zip(rater_names(report), shares, strict=True)
    ]
    title = "Share of positives that were raised, by the number of messages"
    x = Axis("messages (powers of ten)", 1, last, logarithmic=True)
    return lines("early", title, x, Axis("raised", 0, 1, percent=True), series)


def _curve(report: EvaluationReport) -> str:
    series = [
        Series(
            name,
            [(max(at.false_alarm_rate, _LEAST_RATE), at.recall) for at in one.curve],
        )
        for name, one in zip(rater_names(report), report.raters, strict=True)
    ]
    title = "Recall against the share of harmless conversations that are raised"
    rate = report.raters[0].false_alarm_rate.value
    mark = None if rate is None else (max(rate, _LEAST_RATE), "the model's threshold")
    x = Axis("false alarms (powers of ten)", _LEAST_RATE, 1, logarithmic=True, percent=True)
    return lines("curve", title, x, Axis("recall", 0, 1, percent=True), series, mark)


def _strata(report: EvaluationReport) -> str:
    rows = sorted(report.raters[0].strata, key=lambda one: (-one.rate, one.stratum))
    if not rows:
        return ""
    found = [
        Bar(
            one.stratum.replace("_", " ")[:24],
            one.rate,
            one.low,
            one.high,
            f"{one.false_alarms} of {one.conversations}: {percent(one.rate)}",
        )
        for one in rows
    ]
    x = Axis("false alarm rate", 0, max(one.high for one in rows), percent=True)
    return bars("strata", "False alarms by kind of harmless conversation", x, found)


def _curve_table(report: EvaluationReport) -> Section:
    rows = [
        (
            f"{name}, from {at.threshold:.3f}",
            percent(at.false_alarm_rate, 2),
            percent(at.recall),
            percent(at.precision),
        )
        for name, one in zip(rater_names(report), report.raters, strict=True)
        for at in one.curve
    ]
    columns = ("rater and threshold", "false alarms", "recall", "precision here")
    note = "Precision here is at the share of positives of these files."
    return Section("curve", "Every threshold", columns, tuple(rows), note)
