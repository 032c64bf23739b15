"""The program in `docs/reference/vault-files.md` reads what the vault has written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tutela.evidence.keys.file import KeyFile
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed

PAGE = Path(__file__).parents[4] / "docs/reference/vault-files.md"
Read = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    path = tmp_path / "read.py"
    path.write_text(found)
    return path


def place(folder: Path, sealed: Sealed) -> Path:
    return folder / sealed.address[:2] / f"{sealed.address}-{sealed.id}"


@pytest.fixture
def read(program: Path, tmp_path: Path) -> Read:
    """Reads an object of the vault in `vault` by hand."""

    def read(sealed: Sealed, passphrase: str | None = None) -> subprocess.CompletedProcess[bytes]:
        env = dict(os.environ) | ({"PASSPHRASE": passphrase} if passphrase else {})
        arguments = (str(place(tmp_path / "vault", sealed)), sealed.key_id, sealed.wrapped.hex())
        return subprocess.run(
            [sys.executable, program, tmp_path / "vault.key", *arguments],
            env=env,
            capture_output=True,
            check=False,
        )

    return read


@pytest.mark.parametrize("passphrase", [None, "a harmless phrase, näïve too"])
def test_a_blob_is_read_by_hand(tmp_path: Path, read: Read, passphrase: str | None) -> None:
    keys = KeyFile.create(tmp_path / "vault.key", passphrase)
    vault = Vault(Folder(tmp_path / "vault"), keys, chunk_bytes=10)
    sizes = [0, 1, 10, 25] if passphrase is None else [25]
    contents = [os.urandom(size) for size in sizes]
    kept = [vault.seal(content) for content in contents]
    keys.rotate()
    contents.append(b"a harmless line" * 200_000)
    kept.append(Vault(Folder(tmp_path / "vault"), keys).seal(contents[-1]))
    for sealed, content in zip(kept, contents, strict=True):
        done = read(sealed, passphrase)
        assert done.stderr == b""
        assert done.stdout == content
    if passphrase:
        assert read(kept[0], "another").returncode != 0


def test_by_hand_too_what_was_altered_is_found(tmp_path: Path, read: Read) -> None:
    vault = Vault(
        Folder(tmp_path / "vault"), KeyFile.create(tmp_path / "vault.key"), chunk_bytes=10
    )
    sealed = vault.seal(b"a harmless line about a mountain")
    path = place(tmp_path / "vault", sealed)
    whole = path.read_bytes()
    for other in (whole[:-1], whole[: 32 + 26], whole + b"x", whole[:40] + b"x" + whole[41:]):
        path.write_bytes(other)
        done = read(sealed)
        assert done.returncode != 0
        assert done.stdout in {
            b"",
            b"a harmless",
            b"a harmless line abou",
            b"a harmless line about a mounta",
        }
    path.write_bytes(whole)
    assert read(sealed).returncode == 0
