"""The vault in real processes: full and read-only disks, many at once, killed, very large."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tutela.evidence.keys.file import KeyFile
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.store import Damaged, blob_name
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import StoredObject

PROGRAM = Path(__file__).parent / "vaulting.py"
OWN_MOUNT = ("unshare", "--map-root-user", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size=6m none "$1" && shift && exec "$@"'
GIGABYTES_4 = 2**32
MOST_KB = 200 * 1024


def may_mount() -> bool:
    """Whether a process may have mounts of its own here: containers often forbid it."""
    probe = ["mount -t tmpfs none /tmp"]
    return not subprocess.run([*OWN_MOUNT, *probe], capture_output=True, check=False).returncode


# The limits of a process stand for the disk everywhere; a real disk beside them, where we may.
WAYS = ["limits", "mount"] if shutil.which("unshare") and may_mount() else ["limits"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another account can reach."""
    path = Path(tempfile.mkdtemp(prefix="tutela-vault-"))
    path.chmod(0o755)
    (path / "disk").mkdir()
    yield path / "disk"
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(0o700)
    shutil.rmtree(path)


def program(*arguments: object) -> list[str]:
    return [sys.executable, str(PROGRAM), *map(str, arguments)]


def run(*arguments: object, way: str = "limits") -> list[dict[str, Any]]:
    """Run the program to its end; what it said."""
    command = program(*arguments)
    if way == "mount":
        command = [*OWN_MOUNT, MOUNT, "sh", str(arguments[1]), *command]
    done = subprocess.run(command, capture_output=True, check=False, timeout=580)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_told_and_nothing_half_is_kept(open_folder: Path, way: str) -> None:
    (said,) = run("full", open_folder, way, way=way)
    words = {"mount": "the disk is full", "limits": "the file would be too large"}
    assert said == {"said": [words[way]]}


@pytest.mark.parametrize("way", WAYS)
def test_a_read_only_disk_can_be_read(open_folder: Path, way: str) -> None:
    (said,) = run("readonly", open_folder, way, way=way)
    words = {"mount": "the disk is read-only", "limits": "the folder may not be used"}
    assert said == {"said": [words[way]]}


@pytest.mark.timeout(600)  # the disk's time, not ours
def test_a_file_of_4_gb_takes_little_memory(tmp_path: Path) -> None:
    try:
        (said,) = run("large", tmp_path, GIGABYTES_4)
    finally:
        shutil.rmtree(tmp_path / "vault", ignore_errors=True)
    assert said["read"] == GIGABYTES_4
    assert said["sha256"] == of_zeros(GIGABYTES_4)
    assert said["peak_kb"] <= MOST_KB


def of_zeros(size: int) -> str:
    digest, block = hashlib.sha256(), bytes(2**20)
    for _ in range(size // len(block)):
        digest.update(block)
    return digest.hexdigest()


def together(*commands: Sequence[object]) -> list[list[dict[str, Any]]]:
    """Start programs, let them go on at once when each is ready, and give what each said then."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    program(*command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for command in commands
        ]
        for process in started:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"ready": True}
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120)[0] for process in started]
        assert [process.returncode for process in started] == [0] * len(started)
    return [[json.loads(line) for line in lines.splitlines()] for lines in said]


def test_of_processes_that_write_one_blob_one_wins(tmp_path: Path) -> None:
    name = blob_name("ab" * 32, "1" * 32)
    said = [answer for (answer,) in together(*[("race", tmp_path, name)] * 4)]
    (won,) = (answer for answer in said if answer["won"])
    content = b"".join(Folder(tmp_path / "vault").get(name))
    assert content == bytes.fromhex(won["digits"]) * 2_000


def test_processes_seal_the_same_bytes_at_once(tmp_path: Path) -> None:
    said = together(*[("same", tmp_path)] * 3)
    names = [answer["name"] for answers in said for answer in answers]
    assert len(set(names)) == 60
    assert len({name.partition("-")[0] for name in names}) == 1
    assert [blob.name for blob in Folder(tmp_path / "vault").list()] == sorted(names)


def test_processes_rotate_at_once_and_no_key_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    commands = [program("rotate", path, 15) for _ in range(4)]
    processes = [subprocess.Popen(one, stdout=subprocess.PIPE) for one in commands]
    said = [process.communicate(timeout=120)[0] for process in processes]
    made = {json.loads(line)["key_id"] for lines in said for line in lines.splitlines()}
    assert len(made) == 60
    keys = KeyFile.open(path)
    assert made < set(keys.key_ids())
    assert len(keys.key_ids()) == 61
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_are_killed_leave_nothing_torn(tmp_path: Path) -> None:
    size, chance = 3_000_000, random.Random(1)  # noqa: S311 - when to kill
    whole = 32 + size + 12 * 16
    said: list[dict[str, Any]] = []
    for _ in range(12):
        said += killed_after(chance.uniform(0, 0.05), "seal", tmp_path, size)
    vault = Vault(Folder(tmp_path / "vault"), KeyFile.open(tmp_path / "keys" / "vault.key"))
    for answer in said:  # nothing acknowledged is lost
        vault.check(as_stored(answer))
    blobs = list(Folder(tmp_path / "vault").list())
    assert {blob.size for blob in blobs} == {whole}  # and nothing half is visible
    known = {answer["id"] for answer in said}
    assert 0 <= len(blobs) - len(known) <= 12
    left = len(list((tmp_path / "vault" / "writing").iterdir()))
    tidied = vault.tidy(datetime.now(UTC) + timedelta(hours=1), known.intersection)
    assert tidied == left + len(blobs) - len(known)
    assert list((tmp_path / "vault" / "writing").iterdir()) == []
    for answer in said:
        vault.check(as_stored(answer))


def killed_after(seconds: float, *arguments: object) -> list[dict[str, Any]]:
    """What a program said that is killed a moment after it has said two things."""
    with subprocess.Popen(program(*arguments), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        time.sleep(seconds)
        process.kill()
        said += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
    return [json.loads(line) for line in said if line.endswith("\n")]


def as_stored(said: dict[str, Any]) -> StoredObject:
    return StoredObject(
        id=said["id"],
        address=said["address"],
        size=said["size"],
        wrapped=bytes.fromhex(said["wrapped"]),
        key_id=said["key_id"],
        created_at=datetime.now(UTC),
    )


def flip(path: Path, _: Path) -> None:
    with path.open("r+b") as file:
        file.seek(2_000_000)
        byte = file.read(1)
        file.seek(2_000_000)
        file.write(bytes([byte[0] ^ 1]))


def swap(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def cut(path: Path, _: Path) -> None:
    os.truncate(path, 2_000_000)


def empty(path: Path, _: Path) -> None:
    os.truncate(path, 0)


def lengthen(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size + 1)


@pytest.mark.parametrize(
    ("harm", "sound_chunks"), [(flip, 7), (swap, 0), (cut, 7), (empty, 0), (lengthen, 11)]
)
def test_what_is_done_to_a_file_is_found(
    tmp_path: Path, harm: Callable[[Path, Path], None], sound_chunks: int
) -> None:
    """Sealed in another process, harmed on the disk, and read here a piece at a time."""
    said = killed_after(0, "seal", tmp_path, 3_000_000)
    places = [tmp_path / "vault" / one["address"][:2] / name_of(one) for one in said]
    harm(places[0], places[1])
    vault = Vault(Folder(tmp_path / "vault"), KeyFile.open(tmp_path / "keys" / "vault.key"))
    pieces = vault.read(as_stored(said[0]))
    sound = b"".join(vault.read(as_stored(said[1])))  # the same bytes
    got: list[bytes] = []
    with pytest.raises(Damaged):
        got.extend(pieces)
    assert len(got) == sound_chunks
    assert sound.startswith(b"".join(got))


def name_of(said: dict[str, Any]) -> str:
    return blob_name(said["address"], said["id"])
