"""A PKCS#11 token in a folder: that of SoftHSM."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PIN = "483920"
"""Of a token that ends with its test."""
LABEL = "tutela"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


MORE = ("--so-pin=483920",)


def module() -> str:
    """Path of the library; skips where SoftHSM is not installed."""
    found = next((path for path in MODULES if Path(path).exists()), None)
    if found is None:
        pytest.skip("SoftHSM is not installed: apt-get install softhsm2")
    return found


def configured(folder: Path) -> str:
    """Make the configuration of tokens in a folder; its path."""
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    path = folder / "softhsm2.conf"
    path.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    return str(path)


def make_token(config: str, label: str = LABEL) -> None:
    """Make a token with our PIN."""
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", f"--label={label}", f"--pin={PIN}", *MORE],
        env={**os.environ, "SOFTHSM2_CONF": config},
        check=True,
        capture_output=True,
    )
