from __future__ import annotations

import numpy as np

from tutela.detection.conversation.learning.training.measuring import figures

LABELS = np.array([True, True, False, False])


def test_figures_after_so_many_messages_are_of_those_that_are_so_long() -> None:
    odds = [np.full(size, value) for size, value in ((60, 2.0), (6, 3.0), (60, -2.0), (5, -3.0))]
    found = {one.messages: one for one in figures(odds, LABELS, 0.0)}
    assert {messages: one.conversations for messages, one in found.items()} == {
        5: 4,
        10: 2,
        20: 2,
        50: 2,
        0: 4,
    }
    assert all(one.ranking == one.average_precision == one.f1 == 1.0 for one in found.values())


def test_an_alert_that_was_raised_stays_raised() -> None:
    odds = [np.array([-1.0] * 4 + [5.0] + [-1.0] * 5), np.full(10, -2.0)]
    found = figures(odds, np.array([True, False]), 0.0)
    assert [one.f1 for one in found] == [1.0, 1.0, 1.0]


def test_probabilities_that_are_wrong_show() -> None:
    odds = [np.full(5, 4.0), np.full(5, 4.0), np.full(5, 4.0), np.full(5, 4.0)]
    last = figures(odds, LABELS, 0.0)[-1]
    assert last.brier > 0.4
    assert last.calibration_error > 0.4
    assert last.ranking == 0.5


def test_one_label_alone_has_no_figures() -> None:
    assert figures([np.zeros(5)], np.array([True]), 0.0) == ()
