from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tutela.detection.conversation.learning.card import Bars
from tutela.detection.conversation.learning.model import CARD, load
from tutela.errors import InvalidInput


@pytest.mark.parametrize(
    ("raised", "high", "critical"), [(0.0, 1.0, 2.0), (2.0, 1.0, 3.0), (1.0, 3.0, 2.0)]
)
def test_bars_that_do_not_rise_are_refused(raised: float, high: float, critical: float) -> None:
    with pytest.raises(InvalidInput, match="do not rise"):
        Bars(raised=raised, high=high, critical=critical, measured=1, enough=True, by_language={})


def test_a_card_that_was_changed_is_not_intact(trained: Path) -> None:
    card = load(trained).card
    assert card.intact
    assert not msgspec.structs.replace(card, name="other").intact


def test_a_card_holds_no_word_of_what_was_learned_from(trained: Path) -> None:
    text = (trained / CARD).read_text()
    assert "homework" not in text
    assert "c5-" not in text  # ids of conversations and authors
