"""The drill of a restore does what the manual says: its commands are run as they stand there."""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILLING = Path(__file__).parent / "backing.py"
START = "from tutela.interfaces.cli.main import run; run()"
ITEMS = 5

needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An operator's environment, with `tutela` on the path and evidence in the data folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    tutela = programs / "tutela"
    command = shlex.join([sys.executable, "-c", START])
    tutela.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT / "src"))} exec {command} "$@"\n'
    )
    tutela.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    env = kept | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TUTELA_DATA_FOLDER": str(tmp_path / "data"),
    }
    subprocess.run([sys.executable, FILLING, "fill", str(ITEMS)], env=env, check=True)
    return env


def steps() -> dict[str, str]:
    """The commands of each step of the page, by the step's heading."""
    text = (ROOT / "docs/how-to/practise-a-restore.md").read_text()
    found: dict[str, str] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
        found[part.partition("\n")[0]] = "\n".join(blocks)
    return found


@needs_age
def test_the_drill(tmp_path: Path, env: dict[str, str]) -> None:
    script = ["set -e"]
    for heading, commands in steps().items():
        # A command after `!` must fail; `set -e` alone would not notice if it did not.
        checked = re.sub(r"^(! .*)$", r"\1 || exit 9", commands, flags=re.MULTILINE)
        script += [f"echo {shlex.quote(f'## {heading}')}", checked]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(part.partition("\n")[::2] for part in done.stdout.split("## ")[1:])
    assert list(said) == list(steps())
    made, again = re.findall(
        r"([\d,]+) objects \([^)]*\), ([\d,]+) of them new", said["2. Make a backup, and another"]
    )
    assert (made, again) == ((str(ITEMS), str(ITEMS)), (str(ITEMS), "0"))
    assert " is whole;" in said["3. Read it through"]
    restored = said["4. Restore into an empty place"]
    assert f"{ITEMS} objects, {ITEMS} of them read through" in restored
    assert "audit log verified" in restored
    assert "since-the-first" in restored
    older = said["6. Bring back an older database over a newer log"]
    assert "OLDER than the audit log" in older
    assert re.search(r"^ +1 bank$", older, re.MULTILINE)
    assert "put aside practice/tutela.db.before-restore-" in older
    assert ": sound" in older
    assert "holds something already" in done.stderr
    assert "altered or cut short" in done.stderr
    assert not (tmp_path / "practice").exists()


@needs_age
def test_a_backup_with_a_passphrase_opens_with_age_alone(
    tmp_path: Path, env: dict[str, str]
) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("a harmless line\n")
    passphrase.chmod(0o600)
    subprocess.run(
        ["tutela", "backup", "backup", "--passphrase-file", passphrase],
        cwd=tmp_path,
        env=env,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (locked,) = (tmp_path / "backup" / "generations").glob("*.identity.age")
    archive = locked.with_name(locked.name.replace(".identity", ""))
    members = _typed(
        f"age -d -i {shlex.quote(str(locked))} {shlex.quote(str(archive))} | tar -t",
        "a harmless line",
    )
    assert "start.json" in members
    assert "tables/evidence_items/000001.jsonl" in members
    assert members[-1] == "manifest.json"


def _typed(command: str, passphrase: str) -> list[str]:
    """Lines that a command writes which asks a person at a terminal."""
    controller, terminal = pty.openpty()

    def person() -> None:
        os.read(controller, 1)  # the question begins
        os.write(controller, f"{passphrase}\n".encode())

    threading.Thread(target=person, daemon=True).start()
    done = subprocess.run(
        ["setsid", "--ctty", "sh", "-c", command],
        stdin=terminal,
        capture_output=True,
        check=False,
        timeout=120,
    )
    os.close(terminal)
    os.close(controller)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split()
