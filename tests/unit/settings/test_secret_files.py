from __future__ import annotations

from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.settings.secret_files import LARGEST, read_secret


def written(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_text_without_the_line_end_after_it(tmp_path: Path, end: str) -> None:
    path = written(tmp_path, f" a b \nc {end}".encode())
    assert read_secret(path, "vault.passphrase_file") == " a b \nc "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666])
def test_others_may_not_read_it(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadConfiguration, match="chmod 600"):
        read_secret(written(tmp_path, b"word", mode), "vault.passphrase_file")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"w\0rd", b"word" * LARGEST])
def test_what_is_no_secret(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"vault\.passphrase_file") as caught:
        read_secret(written(tmp_path, content), "vault.passphrase_file")
    assert "word" not in caught.value.what
    assert caught.value.__context__ is None or "word" not in repr(caught.value.__context__)


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(BadConfiguration, match="cannot be read"):
            read_secret(path, "vault.passphrase_file")
