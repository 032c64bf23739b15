"""Programs of the machine that some tests need and no wheel brings."""

from __future__ import annotations

import shutil

import pytest


def needed(name: str, package: str = "") -> str:
    """The path of a program; the test is skipped, with the reason, where the machine has none.

    Args:
        name: of the program.
        package: Debian's package with it, where that has another name.
    """
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install {package or name}")
    return path
