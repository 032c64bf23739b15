from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutela.durable import sync_folder, write_new, write_once


def test_a_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    descriptors = Path("/proc/self/fd")
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append((descriptors / f"{fd}").readlink()))
    before = len(list(descriptors.iterdir()))
    sync_folder(tmp_path)
    assert synced == [tmp_path]
    assert len(list(descriptors.iterdir())) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")


def test_a_new_file_is_its_owners_alone_and_never_replaces_one(tmp_path: Path) -> None:
    for write in (write_new, write_once):
        path = tmp_path / write.__name__
        write(path, b"a harmless line")
        with pytest.raises(FileExistsError):
            write(path, b"another")
        assert path.read_bytes() == b"a harmless line"
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 2  # no draft is left behind


def test_a_file_that_is_made_once_appears_whole_and_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "key", []
    fsync = os.fsync

    def synced(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path, path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    write_once(path, b"a harmless line")
    # The bytes are on the disk before the name is there, and the name before this returns.
    assert seen == [(False, False), (True, True)]
