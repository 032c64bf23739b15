from __future__ import annotations

import numpy as np
import pytest

from tutela.detection.conversation.learning.kernels import BREAK
from tutela.detection.conversation.learning.ngrams import points
from tutela.detection.text.normaliser import Normaliser


def test_plain_text_is_read_once_and_in_lower_case() -> None:
    assert (
        points(Normaliser().normalise("How OLD are you")).tobytes().decode("utf-32-le")
        == "how old are you"
    )


def test_what_is_hidden_is_read_as_written_and_as_meant() -> None:
    text = Normaliser().normalise("h\u200bello")
    found = points(text)
    cut = found.tolist().index(BREAK)
    assert found[:cut].tobytes().decode("utf-32-le") == "h\u200bello"
    assert found[cut + 1 :].tobytes().decode("utf-32-le") == text.text


@pytest.mark.parametrize("text", ["\ud800", "", "\U0001f600" * 5, "e\u0301" + "\u0301" * 40])
def test_every_text_has_code_points(text: str) -> None:
    assert points(Normaliser().normalise(text)).dtype == np.uint32
