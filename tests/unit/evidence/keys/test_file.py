from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.keys.service import KeyUnavailable, WrongKey

DATA_KEY, CONTEXT = bytes(range(32)), b"object 1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "vault.key"


@pytest.fixture
def keys(path: Path) -> KeyFile:
    return KeyFile.create(path)


def test_a_file_is_made_once_for_all_processes(path: Path) -> None:
    together = threading.Barrier(8)

    def create(_: int) -> KeyFile:
        together.wait(60)
        return KeyFile.create(path)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(create, range(8)))
    assert len({one.current() for one in opened}) == 1
    assert len({one.derive("address") for one in opened}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_missing_is_made_only_on_purpose(path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be used") as caught:
        KeyFile.open(path)
    assert caught.value.where == str(path)
    assert "backup" in caught.value.remedy
    made = KeyFile.create(path)
    assert KeyFile.open(path).key_ids() == KeyFile.create(path).key_ids() == made.key_ids()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o610])
def test_a_file_that_others_may_read_is_refused(path: Path, keys: KeyFile, mode: int) -> None:
    path.chmod(mode)
    for open_file in (KeyFile.open, KeyFile.create):
        with pytest.raises(BadConfiguration, match="chmod 600"):
            open_file(path)
    with pytest.raises(KeyUnavailable, match="chmod 600"):  # one that is open already too
        keys.wrap(DATA_KEY, CONTEXT)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_stricter_mode_is_fine(path: Path, keys: KeyFile, mode: int) -> None:
    path.chmod(mode)
    assert KeyFile.open(path).key_ids() == keys.key_ids()


def test_a_damaged_file_is_named(path: Path, keys: KeyFile) -> None:
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadConfiguration, match="damaged") as caught:
        KeyFile.open(path)
    assert caught.value.where == str(path)
    with pytest.raises(KeyUnavailable, match="damaged"):
        keys.current()


@pytest.mark.usefixtures("keys")
def test_a_file_without_end_is_not_read(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" " * 2**20)
    with pytest.raises(BadConfiguration, match="damaged"):
        KeyFile.open(path)


def test_a_passphrase_locks_the_file(path: Path) -> None:
    keys = KeyFile.create(path, "a harmless phrase")
    wrapped = keys.wrap(DATA_KEY, CONTEXT)
    keys.rotate()
    with pytest.raises(WrongKey, match="passphrase does not open"):
        KeyFile.open(path, "another")
    with pytest.raises(BadConfiguration, match="locked by a passphrase"):
        KeyFile.open(path)
    with pytest.raises(BadConfiguration, match="is empty"):
        KeyFile.open(path, "")
    assert KeyFile.open(path, "a harmless phrase").unwrap(wrapped, CONTEXT) == DATA_KEY


def test_a_file_is_locked_with_another_passphrase(path: Path, keys: KeyFile) -> None:
    key = bytes(range(32))
    wrapped, address = keys.wrap(key, b"context"), keys.derive("address")
    for old, new in ((None, "a mountain"), ("a mountain", "a lake"), ("a lake", None)):
        opened, other = KeyFile.open(path, old), KeyFile.open(path, old)
        before = path.read_bytes()
        opened.relock(new)
        assert path.read_bytes() != before
        assert opened.unwrap(wrapped, b"context") == key
        with pytest.raises(KeyUnavailable):  # who has another passphrase finds it locked
            other.current()
        with pytest.raises((WrongKey, BadConfiguration)):
            KeyFile.open(path, old)
        again = KeyFile.open(path, new)
        assert again.unwrap(wrapped, b"context") == key
        assert again.derive("address") == address
    with pytest.raises(BadConfiguration, match="empty"):
        KeyFile.open(path).relock("")
    assert KeyFile.open(path).unwrap(wrapped, b"context") == key


def test_an_empty_passphrase_makes_no_file(path: Path) -> None:
    with pytest.raises(BadConfiguration, match="is empty"):
        KeyFile.create(path, "")
    assert not path.exists()


def test_many_rotate_at_once_and_no_key_is_lost(path: Path, keys: KeyFile) -> None:
    def rotate(_: int) -> str:
        one = KeyFile.open(path)
        made = one.rotate()
        assert made in one.key_ids()
        return made

    first = keys.current()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(rotate, range(40)))
    assert set(keys.key_ids()) == {first, *made}
    assert len(keys.key_ids()) == 41


def test_a_file_put_in_its_place_counts_at_once(path: Path, keys: KeyFile) -> None:
    """Even with the same size and time, and written in place."""
    backup, status = path.read_bytes(), path.stat()
    wrapped = keys.wrap(DATA_KEY, CONTEXT)
    other = KeyFile.create(path.with_name("other"))
    path.write_bytes(path.with_name("other").read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert keys.current() == other.current()
    with pytest.raises(WrongKey):
        keys.unwrap(wrapped, CONTEXT)
    path.write_bytes(backup)
    assert keys.unwrap(wrapped, CONTEXT) == DATA_KEY


def test_a_file_that_vanishes_is_told_until_it_is_back(path: Path, keys: KeyFile) -> None:
    away = path.rename(path.with_name("away"))
    uses: list[Callable[[], object]] = [
        keys.current,
        keys.key_ids,
        keys.rotate,
        lambda: keys.wrap(DATA_KEY, CONTEXT),
        lambda: keys.derive("address"),
        lambda: keys.retire("first"),
    ]
    for use in uses:
        with pytest.raises(KeyUnavailable, match="cannot be used") as caught:
            use()
        assert caught.value.where == str(path)
    away.rename(path)
    assert keys.current()


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_leaves_the_keys_as_they_were(
    path: Path, keys: KeyFile, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as failing:
        failing.setattr(os, call, fail)
        with pytest.raises(KeyUnavailable, match="cannot be used"):
            keys.rotate()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert keys.rotate() == keys.current()


def test_a_change_is_on_the_disk_before_it_counts(
    keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def sync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("sync folder" if folder else "sync file")
        fsync(descriptor)

    def move(*names: Path) -> None:
        done.append("rename")
        rename(*names)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", move)
    keys.rotate()
    assert done == ["sync file", "rename", "sync folder"]
    done.clear()
    keys.current()
    assert done == ["sync folder"]  # who finds a new key makes sure of it before it wraps
    keys.wrap(DATA_KEY, CONTEXT)
    assert done == ["sync folder"]


def test_a_retired_key_is_wiped_from_the_disk(path: Path, keys: KeyFile) -> None:
    first = keys.current()
    keys.rotate()
    before = path.read_bytes()
    with path.open("rb") as old:
        keys.retire(first)
        assert old.read() == bytes(len(before))
    assert first not in KeyFile.open(path).key_ids()


def test_a_linked_backup_is_left_alone(path: Path, keys: KeyFile) -> None:
    first = keys.current()
    keys.rotate()
    backup = path.with_name("backup")
    os.link(path, backup)
    keys.retire(first)
    assert first in KeyFile.open(backup).key_ids()


def test_what_a_killed_process_left_is_removed(path: Path, keys: KeyFile) -> None:
    draft = path.with_name(".vault.key.changed-0123")
    other = path.with_name(".another.key.changed-0123")
    for left in (draft, other):
        left.write_bytes(path.read_bytes())
    keys.rotate()
    assert sorted(path.parent.iterdir()) == sorted([path, other])


def test_a_link_to_the_file_stays_one(path: Path, keys: KeyFile, tmp_path: Path) -> None:
    link = tmp_path / "link.key"
    link.symlink_to(path)
    made = KeyFile.open(link).rotate()
    assert link.is_symlink()
    assert keys.current() == made


def test_the_owner_stays_the_same(
    path: Path, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who rotates as root does not lock the server out."""
    owners: list[tuple[int, ...]] = []
    owner = (path.stat().st_uid, path.stat().st_gid)
    fstat = os.fstat

    def of_another(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        if status.st_size == 0:  # the new file, before it is written
            fields = list(status)
            fields[4] += 1
            return os.stat_result(fields)
        return status

    monkeypatch.setattr(os, "fstat", of_another)
    monkeypatch.setattr(os, "fchown", lambda _, *new: owners.append(new))
    keys.rotate()
    assert owners == [owner]


def test_a_closed_file_gives_nothing(keys: KeyFile) -> None:
    keys.close()
    keys.close()
    for use in (keys.current, keys.rotate):
        with pytest.raises(KeyUnavailable, match="closed"):
            use()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfiguration, match="cannot be used"):
        KeyFile.create(tmp_path / "file" / "vault.key")
