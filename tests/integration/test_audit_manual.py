"""The verifier that the manual shows, run as it stands on an export, sound and not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.sources import export_log
from tutela.evidence.audit.witness import Witness
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database

MANUAL = Path(__file__).parents[2] / "docs/how-to/verify-the-audit-log.md"
SUBJECTS = ("event-1", "é \u2028", 'a "quoted"\nline', "event-2", "event-3", "event-4", "event-5")


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    """A folder with an export, the public key, and the program of the manual."""
    log, key = AuditLog(database), AuditKey.create(tmp_path / "audit.key")
    log.write([NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject=one) for one in SUBJECTS])
    Signer(log, key, Witness(tmp_path / "witness")).sign_if_more()
    log.write([NewLeaf(kind=AuditKind.RELEASE, by="cli:root", subject="later")])
    with (tmp_path / "log.jsonl").open("wb") as file:
        export_log(log, file)
    (program,) = re.findall(r"^```python\n(.*?)^```", MANUAL.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "check.py").write_text(program)
    return tmp_path


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "check.py", "log.jsonl", "audit.pub"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_verifies_an_export(folder: Path) -> None:
    done = check(folder)
    assert done.returncode == 0, done.stderr
    assert "7 leaves are as they were signed, 1 more are not yet" in done.stdout


def test_it_needs_nothing_of_ours(folder: Path) -> None:
    assert "tutela" not in re.findall(
        r"^(?:import|from) (\w+)", (folder / "check.py").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("event-3", "event-9", "not those that were signed"),
        ('{"index":3', '{"index":4', "leaf 3 is gone or stands elsewhere"),
        ("\\n7\\n", "\\n6\\n", "InvalidSignature"),
        ("\\n7\\n", "\\n9\\n", "InvalidSignature"),
    ],
)
def test_it_finds_what_was_changed(folder: Path, before: str, after: str, told: str) -> None:
    file = folder / "log.jsonl"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    done = check(folder)
    assert done.returncode
    assert told in done.stderr


def test_it_finds_what_is_gone(folder: Path) -> None:
    file = folder / "log.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-3]))
    done = check(folder)
    assert done.returncode
    assert "leaves from 5 on are gone" in done.stderr
    file.write_text("".join(line for line in lines if '"event-2"' not in line))
    assert "leaf 3 is gone" in check(folder).stderr
