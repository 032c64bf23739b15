"""A file is simulated with its labels, and what is to be known of it stands beside."""

from __future__ import annotations

import pytest

from tutela.conversations.bar import Reckoning
from tutela.conversations.file_bar import simulated
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import InvalidInput

WANTED = Reckoning(threshold=6.0, floor=3.0, minutes=6.0, budget=1.0)


def test_a_made_up_file_is_simulated_and_says_that_it_is_made_up() -> None:
    made = synthesise(Plan(conversations=60, positives=0.3, seed=5))
    found = simulated(shipped_rater(), made, WANTED, 30)
    assert (found.file.synthetic, found.file.labelled) == (60, 60)
    assert 0 < found.file.positive < 60
    assert (found.bar.simulation.days, found.bar.simulation.conversations) == (30, 60)
    assert found.bar.simulation.decided == 60
    lowest = found.bar.simulation.at(0.1)
    assert lowest.precision is not None
    assert lowest.precision.unseen == pytest.approx(0)
    assert found.bar.budget is not None
    assert found.file.model.startswith("cues ")


def test_an_empty_file_has_no_threshold_for_a_budget() -> None:
    with pytest.raises(InvalidInput, match="no conversation was rated"):
        simulated(shipped_rater(), [], WANTED)
