"""`kill -9` at over five hundred seeded points of writing, rotating, expiring and appending."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "custody_steps.py"
KILLS = 130
"""Of each seed; four seeds make more than five hundred."""
FEWER = 40
"""On PostgreSQL, which writes to the disk itself and is not killed."""
PARTS = {
    "evidence/vault",
    "evidence/keys",
    "evidence/audit",
    "storage",
    "storage/audit",
    "storage/evidence",
}
DONE = {"written", "destroyed", "appended", "rotated", "retired", "signed"}


def killed(folder: Path, url: str, seed: int, kills: int) -> dict[str, int]:
    """Run the program; what its children said, by how often."""
    done = subprocess.run(
        [sys.executable, PROGRAM, folder, url, str(seed), str(kills)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, int] = json.loads(done.stdout)
    return said


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 5))
def test_nothing_torn_is_seen_and_nothing_acknowledged_is_lost(
    tmp_path: Path, migrated_file: Path, seed: int
) -> None:
    database = tmp_path / "tutela.db"
    database.write_bytes(migrated_file.read_bytes())
    said = killed(tmp_path / "data", f"sqlite:///{database}", seed, KILLS)
    assert said["children"] >= KILLS
    places = {what.removeprefix("killed in ") for what in said if what.startswith("killed in ")}
    assert places >= PARTS
    assert said.keys() >= DONE


@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_the_same_on_postgresql(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres").emptied()
    said = killed(tmp_path / "data", url, 5, FEWER)
    assert said["children"] >= FEWER
    assert said.keys() >= DONE
