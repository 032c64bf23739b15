"""Chooses a few pictures among many so that they show as much as can be shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

_EDGE = 12


def spread(pictures: Sequence[Image.Image], most: int) -> list[int]:
    """The numbers of at most `most` pictures, in order, that differ from each other.

    The first is the one with the most to see; each further one is the farthest from all that are
    chosen (Gonzalez, 1985). So each scene that is far from all others has one before any scene has
    two.
    """
    if len(pictures) <= most:
        return list(range(len(pictures)))
    looks = np.stack([_look(picture) for picture in pictures])
    chosen = [int(looks.std(axis=1).argmax())]
    apart = np.full(len(pictures), np.inf)
    while len(chosen) < most:
        apart = np.minimum(apart, np.abs(looks - looks[chosen[-1]]).mean(axis=1))
        apart[chosen] = -1.0
        chosen.append(int(apart.argmax()))
    return sorted(chosen)


def _look(picture: Image.Image) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A picture in a few numbers."""
    small = picture.convert("RGB").resize((_EDGE, _EDGE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel()
