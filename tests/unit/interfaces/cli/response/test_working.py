from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tutela.storage.database import Database

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
WAIT_SECONDS = 120


def begin(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    return subprocess.Popen(
        [*PROGRAM, "actions", "work", *arguments],
        env=env | {"TUTELA_DATA_FOLDER": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_attached_it_ends_with_its_standard_input(tmp_path: Path) -> None:
    process = begin(tmp_path, "--attached")
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert (tmp_path / "actions.key").exists()
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.close()


def test_a_key_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "actions.key").write_bytes(b"short")
    process = begin(tmp_path)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert b"does not hold 32 bytes" in err
    assert b"Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told(tmp_path: Path, number: signal.Signals) -> None:
    process = begin(tmp_path)
    while not (tmp_path / "actions.key").exists():
        assert process.poll() is None
    process.send_signal(number)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, err) == (0, b"")
