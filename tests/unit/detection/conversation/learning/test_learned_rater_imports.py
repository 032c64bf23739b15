"""What rates needs NumPy only: what trains, and what runs encoders, stays out until it is asked."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("sklearn", "joblib", "onnxruntime", "tokenizers")


def test_opening_a_rater_imports_nothing_that_trains() -> None:
    opened = "import sys, tutela.conversations.raters"
    program = f"{opened}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert found.stdout.strip() == b"[]"
