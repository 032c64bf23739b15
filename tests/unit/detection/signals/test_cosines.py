from __future__ import annotations

import hashlib
from decimal import Decimal, localcontext

import numpy as np

from tutela.detection.signals.cosines import COSINES

# pi to 50 digits, and the scale of the reference: the square root of 1/32 in float32.
PI = Decimal("3.14159265358979323846264338327950288419716939937510")
SCALE = Decimal(float(np.float32(0.03125**0.5)))


def cosine(angle: Decimal) -> Decimal:
    """The series, after folding the angle into -pi to pi."""
    angle %= 2 * PI
    term = total = Decimal(1)
    for n in range(1, 60):
        term *= -angle * angle / ((2 * n - 1) * (2 * n))
        total += term
    return total


def test_each_number_is_the_float32_next_to_the_true_one() -> None:
    """And no true one lies between two float32, so that another `cos` cannot give another."""
    with localcontext() as context:
        context.prec = 50
        for row in range(16):
            for column in range(64):
                true = SCALE * cosine(PI / 128 * (row + 1) * (2 * column + 1))
                given = COSINES[row, column]
                step = Decimal(float(np.spacing(abs(given))))
                assert abs(Decimal(float(given)) - true) < step * Decimal("0.5") * (
                    1 - Decimal("1e-6")
                )


def test_the_table_is_the_one_of_the_golden_vectors() -> None:
    digest = hashlib.sha256(COSINES.astype("<f4").tobytes()).hexdigest()
    assert digest[:16] == "db354678fc6c99b7"
