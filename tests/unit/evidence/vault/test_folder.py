from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tutela.errors import Conflict
from tutela.evidence.vault.folder import SHARDS, WRITING, Folder
from tutela.evidence.vault.store import BlobMissing, StoreUnavailable, blob_name

NAME = blob_name("ab" * 32, "1" * 32)
LINE = b"a harmless line"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "vault"


@pytest.fixture
def folder(path: Path) -> Folder:
    return Folder(path)


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def where(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def after(happens: Callable[..., object], real: Callable[..., object]) -> Callable[..., object]:
    """One of the system's calls, after something else."""

    def called(*args: object) -> object:
        happens(*args)
        return real(*args)

    return called


def test_a_blob_is_a_file_in_the_folder_of_its_first_digits(folder: Folder, path: Path) -> None:
    folder.put(NAME, [LINE[:4], LINE[4:]])
    assert files(path) == [f"ab/{NAME}"]
    assert (path / "ab" / NAME).read_bytes() == LINE


def test_only_the_owner_may_enter(path: Path) -> None:
    before = os.umask(0)
    try:
        Folder(path).put(NAME, [LINE])
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(found.stat().st_mode) for found in (path, *path.rglob("*"))}
    assert modes == {0o700, 0o600}
    assert stat.S_IMODE((path / "ab" / NAME).stat().st_mode) == 0o600


def test_a_folder_may_be_opened_again_and_by_many(path: Path) -> None:
    one, other = Folder(path), Folder(path)
    one.put(NAME, [LINE])
    assert b"".join(other.get(NAME)) == LINE
    with pytest.raises(Conflict):
        other.put(NAME, [LINE])


def test_a_blob_is_whole_on_the_disk_before_it_has_its_name(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of what is asked of the system: after any of it the machine may stop."""
    done: list[str] = []

    def synced(descriptor: int) -> None:
        done.append(f"sync {where(descriptor).relative_to(path).parts[0]}")

    monkeypatch.setattr(os, "fsync", after(synced, os.fsync))
    monkeypatch.setattr(os, "link", after(lambda *_: done.append("link"), os.link))
    monkeypatch.setattr(os, "unlink", after(lambda _: done.append("unlink"), os.unlink))
    folder.put(NAME, [LINE])
    assert done == ["sync writing", "link", "unlink", "sync ab"]
    done.clear()
    folder.delete(NAME)
    assert done == ["unlink", "sync ab"]


def test_the_folders_are_durable_before_the_first_blob(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", after(lambda fd: synced.append(where(fd)), os.fsync))
    Folder(path)
    assert synced == [path, path.parent]
    assert sorted(entry.name for entry in path.iterdir()) == sorted([WRITING, *SHARDS])


FAULTS = [
    (errno.ENOSPC, "disk is full", "make room"),
    (errno.EDQUOT, "quota", "make room"),
    (errno.EROFS, "read-only", "mount it writable"),
    (errno.EIO, "disk reports an error", "replace the disk"),
    (errno.EFBIG, "too large", "limit"),
    (errno.EACCES, "may not be used", "account"),
    (errno.EPERM, "hard links", "file system"),
    (errno.ESTALE, "cannot be used", "disk"),
]


@pytest.mark.parametrize(("number", "what", "remedy"), FAULTS)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "link"])
def test_a_disk_that_fails_leaves_nothing_visible(
    folder: Folder,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    what: str,
    remedy: str,
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(os, call, failing_call(call, number, 1))
        with pytest.raises(StoreUnavailable, match=what) as caught:
            folder.put(NAME, [LINE] * 3)
    assert remedy in caught.value.remedy
    assert caught.value.where == str(path)
    assert files(path) == []
    folder.put(NAME, [LINE])
    assert b"".join(folder.get(NAME)) == LINE


def failing_call(call: str, number: int, at: int) -> Callable[..., object]:
    """One of the system's calls, which fails when it is called for the nth time."""
    real: Callable[..., object] = getattr(os, call)
    calls = iter(range(1, 1_000))

    def called(*args: object, **named: object) -> object:
        if next(calls) == at:
            raise OSError(number, os.strerror(number))
        return real(*args, **named)

    return called


def test_a_name_that_does_not_get_durable_is_taken_back(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", failing_call("fsync", errno.EIO, 2))  # that of the folder
        with pytest.raises(StoreUnavailable):
            folder.put(NAME, [LINE])
    assert files(path) == []
    with pytest.raises(BlobMissing):
        list(folder.get(NAME))


@pytest.mark.parametrize("at", range(1, 5))
def test_a_disk_that_is_full_midway(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(os, "write", failing_call("write", errno.ENOSPC, at))
        with pytest.raises(StoreUnavailable, match="full"):
            folder.put(NAME, [LINE] * 4)
    assert files(path) == []


def test_a_disk_that_takes_less_than_it_is_given(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    folder.put(NAME, [LINE, LINE])
    assert b"".join(folder.get(NAME)) == LINE * 2


def test_a_disk_that_fails_while_it_is_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(NAME, [LINE])
    monkeypatch.setattr(os, "pread", failing_call("pread", errno.EIO, 1))
    with pytest.raises(StoreUnavailable, match="reports an error"):
        list(folder.get(NAME))


def test_errors_of_the_chunks_are_not_those_of_the_disk(folder: Folder, path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield LINE
        raise OSError(errno.ENOSPC, "of another disk")

    with pytest.raises(OSError, match="another disk"):
        folder.put(NAME, chunks())
    assert files(path) == []


def test_a_folder_that_vanishes_is_no_empty_one(folder: Folder, path: Path) -> None:
    """An unmounted disk: nothing is missing, and nothing is written beside it."""
    folder.put(NAME, [LINE])
    away = path.with_name("away")
    path.rename(away)
    for mount_point in (False, True):
        if mount_point:
            path.mkdir()
        for use in (
            lambda: list(folder.get(NAME)),
            lambda: folder.put(NAME, [LINE]),
            lambda: folder.delete(NAME),
            lambda: list(folder.list()),
            lambda: folder.tidy(datetime.now(UTC)),
        ):
            with pytest.raises(StoreUnavailable, match="not there") as caught:
                use()
            assert "mount" in caught.value.remedy
    assert list(path.iterdir()) == []
    path.rmdir()
    away.rename(path)
    assert b"".join(folder.get(NAME)) == LINE


def test_a_folder_that_cannot_be_made_is_told_when_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = Folder(tmp_path / "file" / "vault")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        folder.put(NAME, [LINE])
    (tmp_path / "file").unlink()
    folder.put(NAME, [LINE])
    assert b"".join(folder.get(NAME)) == LINE


def test_a_link_in_place_of_a_blob_is_not_followed(folder: Folder, path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(LINE)
    (path / "ab" / NAME).symlink_to(path.parent / "elsewhere")
    with pytest.raises(StoreUnavailable):
        list(folder.get(NAME))
    with pytest.raises(Conflict):
        folder.put(NAME, [LINE])


def test_what_was_never_finished_is_tidied_away(folder: Folder, path: Path) -> None:
    folder.put(NAME, [LINE])
    old, new = (path / WRITING / f"{NAME}.{number}" for number in (1, 2))
    for draft in (old, new):
        draft.write_bytes(LINE)
    now = datetime.now(UTC)
    yesterday = (now - timedelta(days=1)).timestamp()
    os.utime(old, (yesterday, yesterday))
    os.utime(path / "ab" / NAME, (yesterday, yesterday))
    assert folder.tidy(now - timedelta(hours=1)) == 1
    assert files(path) == [f"ab/{NAME}", f"writing/{new.name}"]
    assert [blob.name for blob in folder.list()] == [NAME]


def test_other_files_are_left_alone(folder: Folder, path: Path) -> None:
    for name in ("README", ".hidden", NAME[:-1]):
        (path / "ab" / name).write_bytes(b"")
    assert list(folder.list()) == []
    assert folder.tidy(datetime.now(UTC) + timedelta(days=1)) == 0
    assert len(files(path)) == 3


def test_a_draft_that_was_tidied_away_is_not_shown(folder: Folder, path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield LINE
        folder.tidy(datetime.now(UTC) + timedelta(days=1))
        yield LINE

    with pytest.raises(StoreUnavailable):
        folder.put(NAME, chunks())
    assert files(path) == []
