"""Whether a picture has enough in it for its fingerprint to tell it from others.

PDQ looks at 64 by 64 means of brightness. Where nearly all of these are one colour, the bits come
from the few places that are not, mostly from where they lie and hardly from what they show:
pictures of one template that have nothing else in common come within 31 bits of each other. PDQ's
own quality refuses the plainest of them and passes the rest. `bench/information.py` measured the
limits here; `docs/explanation/false-matches.md` shows the figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.model import LowInformation

Floats = NDArray[np.float32]

PLAIN_SHARE = 0.90
"""Share of the samples that are of one brightness, give or take `NEARLY`, in a plain picture."""
BUSY_SHARE = 0.30
"""Share of the 64 fields of a picture in which, at most, something is to be seen if it is plain."""
NEARLY = 6
"""Steps of brightness, of 255."""
STEP = 4
"""A field shows something where two neighbouring samples differ by more than this, of 255."""

_SIDE = 64
_FIELD = 8


def low_information(thumb: Floats) -> LowInformation | None:
    """Why a (64, 64) thumbnail has too little in it, or None where it has enough.

    Turning and mirroring do not change the answer.
    """
    if plain_share(thumb) < PLAIN_SHARE or busy_share(thumb) > BUSY_SHARE:
        return None
    return LowInformation.PLAIN


def plain_share(thumb: Floats) -> float:
    """The greatest share, 0 to 1, of samples within `NEARLY` of one brightness."""
    levels = np.clip(thumb, 0, 255).astype(np.uint8)
    until = np.cumsum(np.bincount(levels.reshape(-1), minlength=256 + 2 * NEARLY))
    until = np.concatenate((np.zeros(1, until.dtype), until))
    window = 2 * NEARLY + 1
    return float((until[window:] - until[:-window]).max()) / thumb.size


def busy_share(thumb: Floats) -> float:
    """The share, 0 to 1, of the 8 by 8 fields in which neighbouring samples differ."""
    differ = np.zeros((_SIDE, _SIDE), bool)
    differ[:, 1:] |= np.abs(np.diff(thumb, axis=1)) > STEP
    differ[1:, :] |= np.abs(np.diff(thumb, axis=0)) > STEP
    fields = differ.reshape(_SIDE // _FIELD, _FIELD, _SIDE // _FIELD, _FIELD)
    return float(fields.any(axis=(1, 3)).mean())
