"""A certificate for servers of the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.programs import needed


def self_signed(folder: Path) -> Path:
    """A certificate for `good.example`, signed by itself, with its key in the same file."""
    path, alone = folder / "good.pem", folder / "certificate.pem"
    command = [needed("openssl"), "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"]
    subject = ["-subj", "/CN=good.example", "-addext", "subjectAltName=DNS:good.example"]
    files = ["-keyout", str(path), "-out", str(alone)]
    subprocess.run([*command, *curve, *subject, *files], check=True, capture_output=True)
    with path.open("a") as both:
        both.write(alone.read_text())
    return path
