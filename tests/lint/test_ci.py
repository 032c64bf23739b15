"""The rules that CI adds, and the choice of a Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = """
import pytest

@pytest.mark.skip(reason="chromium is not installed")
def test_a_page(): ...

@pytest.mark.xfail(strict=True)
def test_a_known_limit():
    assert False
"""


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_is_a_failure_in_ci_only(root: Path, tmp_path: Path, ci: str, code: int) -> None:
    shutil.copy(root / "tests/conftest.py", tmp_path)
    (tmp_path / "test_page.py").write_text(SKIPPED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "CI": ci},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert ("may not be skipped in CI: Skipped: chromium" in done.stdout) == bool(ci)


def test_a_python_that_is_new_enough_is_taken(root: Path) -> None:
    done = subprocess.run(
        ["sh", root / ".ci/python", sys.executable], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == sys.executable


def test_a_python_that_is_missing_or_too_old_is_refused(root: Path, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for name in (str(old), str(tmp_path / "none")):
        done = subprocess.run(
            ["sh", root / ".ci/python", name], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert f"no Python >= 3.11 found at {name}" in done.stderr
        assert "PYTHON=" in done.stderr
