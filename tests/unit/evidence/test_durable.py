from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutela.evidence.durable import sync_folder


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
