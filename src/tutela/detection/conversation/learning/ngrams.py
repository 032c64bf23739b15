"""The n-grams of a message as a learned rater sees them: as written, and as meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.identity import without
from tutela.detection.conversation.learning.kernels import BREAK
from tutela.detection.text.normalised import Normalised

_BREAK = BREAK.to_bytes(4, "little")


def points(text: Normalised) -> NDArray[np.uint32]:
    """Code points of what is hashed: the text in lower case, and its normalised form if it differs.

    Both, because spelling itself tells something, and because what is hidden by spelling must not
    be lost. Neither has a word of identity. Lone surrogates are code points like others.
    """
    written, meant = without(text)
    written = written.lower()
    raw = written.encode("utf-32-le", "surrogatepass")
    if meant != written:
        raw += _BREAK + meant.encode("utf-32-le", "surrogatepass")
    return np.frombuffer(raw, np.uint32)
