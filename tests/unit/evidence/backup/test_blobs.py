from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import pytest

from tutela.evidence.backup.blobs import (
    Copying,
    Listed,
    Unfit,
    bring_back,
    check,
    read_list,
    remove_unneeded,
)
from tutela.evidence.backup.folder import AGE, LIST, BackupFolder
from tutela.evidence.backup.manifest import DamagedBackup
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import BlobMissing, StoreUnavailable


def silent(what: str, more: int) -> None:
    del what, more


def names(count: int) -> list[str]:
    return sorted(f"{secrets.token_hex(32)}-{secrets.token_hex(16)}" for _ in range(count))


@pytest.fixture
def store() -> MemoryStore:
    """A store like any other, such as one in a bucket."""
    return MemoryStore()


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backup", create=True)


def fill(store: MemoryStore, count: int) -> list[str]:
    made = names(count)
    for name in made:
        store.put(name, [name.encode(), b" a harmless line"])
    return made


def copying(store: MemoryStore, folder: BackupFolder, living: Iterable[str] = ()) -> Copying:
    known = set(living)
    return Copying(store, folder, lambda ids: known & set(ids), silent)


def test_what_is_copied_is_listed_as_it_is(store: MemoryStore, folder: BackupFolder) -> None:
    made = fill(store, 5)
    work = copying(store, folder)
    lines = list(work.copy(made, iter(())))
    assert [line.name for line in lines] == made
    for line in lines:
        content = b"".join(folder.vault.get(line.name))
        assert content == b"".join(store.get(line.name))
        assert (line.size, line.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (work.done().new, work.done().new_bytes) == (5, sum(line.size for line in lines))
    written = io.BytesIO(b"".join(line.line for line in lines))
    assert list(read_list(written, folder.path)) == lines


def test_only_what_is_lacking_is_asked_for(store: MemoryStore, folder: BackupFolder) -> None:
    made = fill(store, 6)
    known = list(copying(store, folder).copy(made[::2], iter(())))
    for name in made[::2]:
        store.delete(name)
    work = copying(store, folder)
    lines = list(work.copy(made, iter(known)))
    assert [line.name for line in lines] == made
    assert work.done().new == 3
    again = copying(store, folder)
    assert list(again.copy(made, iter(()))) == lines, "a lost list is made anew"
    assert again.done().new == 0


def test_what_the_store_lacks_is_gone_or_missing(store: MemoryStore, folder: BackupFolder) -> None:
    one, two, three = names(3)
    store.put(two, [b"a harmless line"])
    work = copying(store, folder, living=[three.rpartition("-")[2]])
    assert [line.name for line in work.copy([one, two, three], iter(()))] == [two]
    assert work.done().gone == (one.rpartition("-")[2],)
    assert work.done().missing == (three.rpartition("-")[2],)


class Failing(MemoryStore):
    """Gives a part of every blob."""

    def get(self, name: str, *, start: int = 0) -> Generator[bytes, None, None]:
        del name, start
        yield b"a harmless"
        raise StoreUnavailable("the store does not answer")


def test_a_store_that_fails_leaves_no_part_of_a_blob(folder: BackupFolder) -> None:
    work = Copying(Failing(), folder, lambda _ids: set(), silent)
    with pytest.raises(StoreUnavailable):
        list(work.copy(names(1), iter(())))
    assert list(folder.vault.list()) == []


def test_what_is_brought_back_is_what_was_copied(store: MemoryStore, folder: BackupFolder) -> None:
    made = fill(store, 4)
    lines = list(copying(store, folder).copy(made, iter(())))
    cut, lost = (folder.path / "vault" / name[:2] / name for name in made[:2])
    cut.write_bytes(cut.read_bytes()[:-1])
    lost.unlink()
    other = MemoryStore()
    other.put(made[3], [b"it is there"])
    unfit = list(bring_back(lines, folder, other, silent))
    assert [one.object_id for one in unfit] == [line.object_id for line in lines[:2]]
    assert [type(check(line, folder)) for line in lines] == [Unfit, Unfit, type(None), type(None)]
    assert [blob.name for blob in other.list()] == made[2:]
    assert b"".join(other.get(made[3])) == b"it is there"
    with pytest.raises(BlobMissing):
        list(other.get(made[0]))


@pytest.mark.parametrize(
    "text",
    [
        "nonsense\n",
        "{sha} x vault/{name}\n",
        "{sha} 5 vault/../hills\n",
        "{sha} 5 {name}\n{sha} 5 {name}\n",
        "{sha} 5 {name} more\n",
        "\xff\n",
    ],
)
def test_a_list_that_is_damaged_is_refused(text: str, folder: BackupFolder) -> None:
    (name,) = names(1)
    content = text.format(sha="ab" * 32, name=name).encode("latin-1")
    with pytest.raises(DamagedBackup, match="list of blobs is damaged"):
        list(read_list(io.BytesIO(content), folder.path))


def generation(folder: BackupFolder, lines: Sequence[Listed]) -> str:
    """A generation of nothing but a list."""
    name = folder.new_name()
    folder.file(name, LIST).write_bytes(b"".join(line.line for line in lines))
    folder.file(name, AGE).touch()
    return name


def test_what_no_generation_names_is_removed(store: MemoryStore, folder: BackupFolder) -> None:
    made = fill(store, 9)
    lines = list(copying(store, folder).copy(made, iter(())))
    generation(folder, lines[0:9:3])
    generation(folder, lines[0:9:2])
    kept = {line.name for line in (*lines[0:9:3], *lines[0:9:2])}
    assert remove_unneeded(folder) == 9 - len(kept)
    assert {blob.name for blob in folder.vault.list()} == kept
    assert remove_unneeded(folder) == 0
    torn = generation(folder, lines[:1])
    folder.file(torn, LIST).unlink()
    assert remove_unneeded(folder) is None
    assert {blob.name for blob in folder.vault.list()} == kept
