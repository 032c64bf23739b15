"""The manual's program that checks a custody document without Tutela does so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.programs import needed

from tutela.evidence.custody import document

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

PAGE = Path(__file__).parents[4] / "docs/reference/custody-documents.md"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program, as somebody copies it from the manual."""
    needed("openssl")
    (text,) = re.findall(
        r"<!-- check -->\n```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "check.py").write_text(text)
    return tmp_path


def checked(folder: Path, data: bytes, making: Making, content: bytes) -> tuple[int, str]:
    (folder / "custody.json").write_bytes(data)
    (folder / "audit.pub").write_text(making.key.public_pem)
    (folder / "bytes").write_bytes(content)
    command = [sys.executable, "-I", "check.py", "custody.json", "audit.pub", "bytes"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_it_finds_a_good_document_good(program: Path, making: Making) -> None:
    data = document.sign(making.record(None, [making.hold()]), making.key)
    status, said = checked(program, data, making, making.content)
    assert status == 0, said
    assert said.count("good") == 8
    assert "leaf 3: preserve by tutela" in said


def test_it_finds_what_is_wrong(program: Path, making: Making) -> None:
    record = making.record()
    data = document.sign(record, making.key)
    status, said = checked(program, data.replace(b"text/plain", b"text/plaim"), making, b"")
    assert (status, said) == (1, "WRONG signature of the data\n")
    swapped = replace(record.touches[1], proof=record.touches[0].proof)
    forged = replace(record, touches=(record.touches[0], swapped))
    status, said = checked(program, document.sign(forged, making.key), making, making.content)
    assert status == 1
    assert said.endswith("WRONG leaf 3: preserve by tutela\n")
    status, said = checked(program, data, making, b"other bytes")
    assert said.endswith("WRONG the bytes are the ones\n")
