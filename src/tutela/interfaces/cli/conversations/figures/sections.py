"""The report as sections of plain tables: what a terminal prints and a page shows alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tutela.detection.conversation.evaluation.report import (
    CalibrationFigure,
    EvaluationReport,
    Figure,
    Measured,
)

NEVER = "never"


class Section(NamedTuple):
    """A table.

    Attributes:
        name: for links and charts: `strata`.
        note: what must be known to read it.
        columns: the first names the rows, the rest are numbers.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def sections(report: EvaluationReport) -> list[Section]:
    """All sections, in the order in which they are read; none is empty."""
    names = rater_names(report)
    found = [
        _material(report),
        _whole(report, names),
        _prefixes(report, names),
        _early(report, names),
        _budgets(report, names),
        _prevalences(report.raters[0]),
        _strata(report.raters[0]),
        _onset(report.raters[0]),
        _calibration(report.raters[0].calibration),
        _perturbations(report),
        _sources(report),
        _files(report),
    ]
    return [section for section in found if section.rows]


def rater_names(report: EvaluationReport) -> tuple[str, ...]:
    """The raters in short: the model and its baselines."""
    return ("model", *(one.name for one in report.raters[1:]))


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return "" if value is None else f"{100 * value:.{digits}f} %"


def small(value: float | None) -> str:
    """A figure from 0 to 1 with three digits."""
    return "" if value is None else f"{value:.3f}"


def _figure(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return small(figure.value)
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _rate(figure: Figure) -> str:
    """A small share, which two digits would make nothing."""
    if figure.low is None or figure.high is None:
        return percent(figure.value, 2)
    return f"{percent(figure.value, 2)} ({100 * figure.low:.1f}-{100 * figure.high:.1f})"


def _messages(value: float | None) -> str:
    return NEVER if value is None else f"{value:.0f}"


def _material(report: EvaluationReport) -> Section:
    material = report.material
    rows = [
        ("conversations with a label", f"{material.conversations:,}"),
        ("positives among them", f"{material.positives:,}"),
        ("synthetic among them", f"{material.synthetic:,}"),
        ("without a label, left out", f"{material.unlabelled:,}"),
        ("groups that share authors, ids or text", f"{material.groups:,}"),
        ("conversations of the largest group", f"{material.largest_group:,}"),
        ("half that chooses: positives / harmless", "{:,} / {:,}".format(*material.choosing)),
        ("half that is measured: positives / harmless", "{:,} / {:,}".format(*material.measuring)),
    ]
    rows += [
        (f"not enough evidence: {reason.replace('_', ' ')}", f"{count:,}")
        for reason, count in material.not_enough_evidence.items()
    ]
    return Section("material", "Measured on", ("", "count"), tuple(rows))


def _across(
    raters: Sequence[Measured], rows: Sequence[tuple[str, Sequence[str]]]
) -> tuple[tuple[str, ...], ...]:
    return tuple((name, *cells) for name, cells in rows if any(cells) and len(raters))


def _whole(report: EvaluationReport, names: tuple[str, ...]) -> Section:
    raters = report.raters
    rows = [
        ("threshold", ["none" if r.threshold is None else f"{r.threshold:.3f}" for r in raters]),
        ("precision", [_figure(r.precision) for r in raters]),
        ("recall", [_figure(r.recall) for r in raters]),
        ("F1", [_figure(r.f1) for r in raters]),
        ("F0.5", [_figure(r.f05) for r in raters]),
        ("false alarms", [_rate(r.false_alarm_rate) for r in raters]),
        ("average precision", [_figure(r.average_precision) for r in raters]),
        ("ROC area", [_figure(r.area) for r in raters]),
        ("alerts", [f"{r.alerts:,}" for r in raters]),
        ("distinct authors", ["" if r.authors is None else f"{r.authors:,}" for r in raters]),
    ]
    note = f"Threshold: {report.chosen}. In brackets 95 % intervals over resampled groups."
    return Section("whole", "Whole conversations", ("", *names), _across(raters, rows), note)


def _prefixes(report: EvaluationReport, names: tuple[str, ...]) -> Section:
    rows = []
    for at, prefix in enumerate(report.raters[0].prefixes):
        seen = "all" if prefix.messages is None else str(prefix.messages)
        for what in ("f1", "average_precision"):
            label = f"{seen}: {'F1' if what == 'f1' else 'AP'}"
            rows.append(
                (label, [_figure(getattr(one.prefixes[at], what)) for one in report.raters])
            )
    return Section(
        "prefixes",
        "By messages seen",
        ("messages seen", *names),
        _across(report.raters, rows),
        "AP is average precision. Always the first so many messages, never a share of a length "
        "that nobody knows yet.",
    )


def _early(report: EvaluationReport, names: tuple[str, ...]) -> Section:
    early = [one.early for one in report.raters]
    rows = [
        ("messages to alert: first quarter", [_messages(one.first_quarter) for one in early]),
        ("median", [_messages(one.median) for one in early]),
        ("third quarter", [_messages(one.third_quarter) for one in early]),
        ("F_latency", [small(one.f_latency) for one in early]),
        ("speed", [small(one.speed) for one in early]),
        ("ERDE 5 (lower is better)", [small(one.erde_5) for one in early]),
        ("ERDE 50 (lower is better)", [small(one.erde_50) for one in early]),
    ]
    return Section(
        "early",
        "How early",
        ("", *names),
        _across(report.raters, rows),
        f"Misses count as infinite. p = {early[0].p:.5f}: half is lost at 90 messages. Baselines "
        "look after 5, 10, 20, 50 and all messages only.",
    )


def _budgets(report: EvaluationReport, names: tuple[str, ...]) -> Section:
    rows = [
        (
            f"{at.alerts:,}",
            [percent(one.budgets[number].recall) or "too few" for one in report.raters],
        )
        for number, at in enumerate(report.raters[0].budgets)
    ]
    return Section(
        "budgets",
        "Recall within a budget",
        ("alerts of 100 000", *names),
        _across(report.raters, rows),
        "The highest ratings first, at the share of positives of these files.",
    )


def _prevalences(model: Measured) -> Section:
    rows = tuple(
        (
            f"1 in {1 / at.prevalence:,.0f}",
            percent(at.precision, 2) or "no alert",
            percent(at.at_least, 3),
            f"{at.alerts:,.1f}",
            f"{at.minutes:,.1f}",
        )
        for at in model.prevalences
    )
    columns = ("positives", "precision", "at least", "alerts of 100 000", "minutes for 1 000")
    note = "At least: what the number of harmless conversations measured can vouch for (95 %)."
    return Section("prevalences", "At real base rates: the model", columns, rows, note)


def _strata(model: Measured) -> Section:
    ranked = sorted(model.strata, key=lambda one: (-one.rate, one.stratum))
    rows = tuple(
        (
            one.stratum.replace("_", " "),
            f"{one.conversations:,}",
            f"{one.false_alarms:,}",
            percent(one.rate),
            f"{percent(one.low)} - {percent(one.high)}",
        )
        for one in ranked
    )
    columns = ("harmless conversations", "count", "raised", "rate", "95 % interval")
    note = f"The worst counts, not the mean: {model.worst_stratum.replace('_', ' ')}."
    return Section("strata", "False alarms by stratum: the model", columns, rows, note)


def _onset(model: Measured) -> Section:
    onset = model.onset
    rows: tuple[tuple[str, ...], ...] = ()
    if onset is not None:
        rows = (
            ("positives with a told onset", f"{onset.told:,}"),
            ("alerts before it (premature)", percent(onset.premature)),
            ("median messages from it to the alert", _messages(onset.median_lead)),
        )
    note = "An alert before anything shows is right by its label and wrong by its evidence."
    return Section("onset", "Against the onset: the model", ("", "figure"), rows, note)


def _calibration(found: Sequence[CalibrationFigure]) -> Section:
    rows = tuple(
        (
            f"{one.shortest} and more"
            if one.longest is None
            else f"{one.shortest} to {one.longest}",
            f"{one.conversations:,}",
            small(one.brier),
            small(one.error),
        )
        for one in found
        if one.conversations
    )
    columns = ("messages", "count", "Brier", "calibration error")
    note = "Probabilities hold at the share of positives of these files at best."
    return Section("calibration", "Probabilities: the model", columns, rows, note)


def _perturbations(report: EvaluationReport) -> Section:
    rows = tuple(
        (one.name, f"{one.positives:,}", percent(one.recall), f"{one.drop:+.1f} points")
        for one in report.perturbations
    )
    columns = ("a quarter of words with", "positives", "recall", "drop")
    note = "The aim is a drop of 10 points at most."
    return Section("perturbations", "Written otherwise: the model", columns, rows, note)


def _sources(report: EvaluationReport) -> Section:
    rows = tuple(
        (one.source or "not told", f"{one.positives:,}", f"{one.harmless:,}")
        for one in report.material.sources
    )
    note = "A source with one class only gives the label away."
    return Section("sources", "Sources", ("source", "positives", "harmless"), rows, note)


def _files(report: EvaluationReport) -> Section:
    return Section(
        "files",
        "Files",
        ("file", "read", "damaged", "digest (SHA-256)"),
        tuple(_file_rows(report)),
        f"Seed {report.seed}, {report.resamples:,} resamples. Rated by {report.model}.",
    )


def _file_rows(report: EvaluationReport) -> Iterator[tuple[str, ...]]:
    for file in report.material.files:
        read = file.reading
        yield file.name, f"{read.read:,}", f"{read.skipped:,}", read.sha256[:16]
        for problem in read.problems[:5]:
            yield f"  {problem}", "", "", ""
        for what, count in read.mended.items():
            yield f"  taken as unknown: {what}", f"{count:,}", "", ""
        for member, count in read.ignored.items():
            yield f"  ignored: {member}", f"{count:,}", "", ""
