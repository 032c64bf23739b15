"""The one table of PDQ: rows 1 to 16 of the 64-point cosine transform."""

from __future__ import annotations

from math import cos, pi, sqrt

import numpy as np
from numpy.typing import NDArray


def cosines() -> NDArray[np.float32]:
    """Float32 of shape (16, 64), made as the reference makes it.

    Double precision, except that the scale is rounded to float32 first. `math.cos` and not
    NumPy's, which may be vector code with other last digits.
    """
    scale = float(np.float32(sqrt(2.0 / 64.0)))
    step = pi / 2.0 / 64.0
    rows = [
        [scale * cos(step * row * (2 * column + 1)) for column in range(64)] for row in range(1, 17)
    ]
    return np.array(rows, dtype=np.float32)


COSINES = cosines()
