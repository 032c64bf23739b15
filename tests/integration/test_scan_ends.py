"""How a scan ends: interrupted, with nobody listening, on a terminal."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tutela import drill

PROGRAM = [sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()"]
PICTURES = Path(drill.__file__).parent / "pictures"
SECONDS = 120


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One photograph by its MD5."""
    path = tmp_path_factory.mktemp("banks") / "drill.txt"
    path.write_text(hashlib.md5((PICTURES / "otter.jpg").read_bytes()).hexdigest())  # noqa: S324
    return path


def test_a_reader_that_leaves_ends_the_scan(bank: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "scan", PICTURES, "-b", bank, "--json", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(SECONDS) == 2


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """More photographs than can be looked at before the scan is interrupted."""
    folder = tmp_path / "many"
    folder.mkdir()
    shutil.copy(PICTURES / "otter.jpg", folder / "0.jpg")
    with Image.open(PICTURES / "courtyard.jpg") as picture:
        large = picture.resize((2400, 1800))
    for number in range(1, 600):
        large.putpixel((0, 0), (number % 256, number // 256, 0))
        if number == 1:
            large.save(folder / "1.png", compress_level=0)
        else:
            os.link(folder / "1.png", folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_keeps_what_it_found(
    many: Path, bank: Path, tmp_path: Path, number: signal.Signals
) -> None:
    table, page = tmp_path / "out.csv", tmp_path / "out.html"
    outputs: list[str | Path] = ["--json", "--all", "--csv", table, "--html", page]
    with subprocess.Popen(
        [*PROGRAM, "scan", many, "-b", bank, *outputs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(number)
        lines = [first, *process.stdout]
        assert process.stderr.read() == b""
        assert process.wait(SECONDS) == 128 + number
    *files, summary = (json.loads(line) for line in lines)
    assert files[0]["verdict"] == "match"
    assert summary["complete"] is False
    assert summary["matched"] == 1
    assert len(files) == summary["files"] < 600
    assert "<strong>Incomplete.</strong>" in page.read_text()
    rows = list(csv.DictReader(io.StringIO(table.read_text(), newline="")))
    assert [row["verdict"] for row in rows if row["verdict"] != "clear"] == ["match", "incomplete"]


def test_progress_is_shown_on_a_terminal_only(bank: Path) -> None:
    terminal, inner = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "scan", PICTURES, "-b", bank], stdout=subprocess.PIPE, stderr=inner
    ) as process:
        os.close(inner)
        shown = b"".join(_read(terminal))
        assert process.stdout is not None
        assert b"Summary" in process.stdout.read()
    os.close(terminal)
    assert process.returncode == 1
    assert b"Scanning" in shown
    assert b"MB/s" in shown


def _read(terminal: int) -> Iterator[bytes]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and select.select([terminal], [], [], SECONDS)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # The other side was closed: that is how a terminal says so.
            return
        if not data:
            return
        yield data
