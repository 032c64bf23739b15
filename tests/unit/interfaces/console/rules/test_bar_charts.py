"""Curves are drawn of what is known, in the reader's language."""

from __future__ import annotations

import pytest

from tutela.conversations.bar import Bar
from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.simulating import simulate
from tutela.detection.conversation.bar.traffic import Count, Traffic
from tutela.interfaces.console.rules.bar_charts import charts
from tutela.interfaces.language import Languages, Translator


@pytest.fixture
def french() -> Translator:
    return Languages()["fr"]


def bar(peaks: list[int], *decided: Decided) -> Bar:
    counts = [Count(0, 10, len(peaks))]
    counts += [Count(tenths, 10, 1) for peak in peaks for tenths in range(1, peak + 1)]
    simulation = simulate(Traffic.counted(counts, 1), decided, 6)
    return Bar(simulation=simulation, threshold=6.0, floor=3.0)


def test_what_nothing_is_known_of_is_left_out(french: Translator) -> None:
    assert [len(charts(one, 6.0, french)) for one in (bar([]), bar([70]))] == [1, 2]
    known = charts(bar([70] * 30, Decided(70, 20, 11)), 6.0, french)
    assert [one.title for one in known] == [
        "Alertes par jour, selon le seuil",
        "Part des alertes qui seraient jugées justes, selon le seuil",
        "Part des alertes qui viennent tôt, selon le seuil",
    ]


def test_numbers_are_written_as_the_reader_does(french: Translator) -> None:
    drawing = charts(bar([70] * 2000), 6.5, french)[0].drawing
    assert ">6,5</text>" in drawing
    assert ">2\N{NARROW NO-BREAK SPACE}000</text>" in drawing


def test_what_falls_steeply_has_an_axis_of_powers_of_ten(french: Translator) -> None:
    steep = charts(bar([*[40] * 900, *[70] * 3]), 6.0, french)[0].drawing
    for power in ("1", "10", "100"):
        assert f">{power}</text>" in steep


def test_the_mark_stands_at_the_threshold(french: Translator) -> None:
    drawing = charts(bar([70]), 3.0, french)[0].drawing
    assert '<line class="mark" x1="70.0"' in drawing
