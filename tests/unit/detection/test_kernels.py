from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tutela.detection import kernels

DOUBLED = "def doubled(number):\n    return number + number\n"
DIVIDED = "def divided(number):\n    return 1.0 / number\n"


def made(source: str, name: str) -> Any:  # noqa: ANN401 - numba adds to it
    """A function without a file: numba finds no folder to keep its machine code in."""
    names: dict[str, Any] = {}
    exec(compile(source, "<nowhere>", "exec"), names)  # noqa: S102 - our own text
    return names[name]


def test_a_kernel_works_where_nothing_can_be_kept() -> None:
    doubled = kernels.kernel(made(DOUBLED, "doubled"))
    assert doubled(21) == 42
    assert doubled.signatures


def test_division_by_zero_is_that_of_numpy() -> None:
    divided = kernels.kernel(made(DIVIDED, "divided"))
    assert math.isinf(divided(np.float64(0)))


def test_machine_code_is_kept_elsewhere_where_the_package_cannot_be_written(
    tmp_path: Path,
) -> None:
    """As in an installation that belongs to another user. Root may write anywhere, so the folder's
    place is taken by a file."""
    package = tmp_path / "site" / "sample"
    package.mkdir(parents=True)
    (package / "__pycache__").write_text("")
    (package / "kernels.py").write_text(
        f"from tutela.detection.kernels import kernel\n@kernel\n{DOUBLED}print(doubled(21))\n"
    )
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "site"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "NUMBA_CACHE_DIR": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = [sys.executable, "-c", "import sample.kernels"]
    for _ in range(2):
        run = subprocess.run(
            program, env=environment, check=True, capture_output=True, text=True, timeout=120
        )
        assert run.stdout == "42\n"
    assert list((tmp_path / "cache").rglob("*.nbi"))
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("")
    run = subprocess.run(
        program, env=environment, check=True, capture_output=True, text=True, timeout=120
    )
    assert run.stdout == "42\n"
