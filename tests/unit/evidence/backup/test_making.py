from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import Conflict, InvalidInput, Unavailable
from tutela.evidence.backup import keyfiles, making
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.blobs import read_list
from tutela.evidence.backup.checking import check_generation
from tutela.evidence.backup.folder import LIST, BackupFolder
from tutela.evidence.backup.making import Making, Protection
from tutela.evidence.backup.manifest import DamagedBackup
from tutela.evidence.opening import open_store
from tutela.evidence.vault.store import StoreUnavailable
from tutela.model.custody.leaf import AuditKind

if TYPE_CHECKING:
    from tests.unit.evidence.backup.conftest import Place


def blobs(folder: Path) -> set[str]:
    return {path.name for path in (folder / "vault").glob("??/*")}


def listed(backup: Path, generation: str) -> list[str]:
    path = BackupFolder(backup).file(generation, LIST)
    with path.open("rb") as file:
        return [line.name for line in read_list(file, path)]


def whole(backup: Path, identity: Identities) -> bool:
    folder = BackupFolder(backup)
    return not any(
        check_generation(folder, name, identity, lambda _what, _more: None).problems
        for name in folder.generations()
    )


def test_only_new_blobs_are_copied(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(3)
    first = here.back_up(backup, protection)
    before = {path: path.stat().st_mtime_ns for path in (backup / "vault").glob("??/*")}
    here.keep()
    second = here.back_up(backup, protection)
    assert (first.blobs, first.new_blobs) == (3, 3)
    assert (second.blobs, second.new_blobs) == (4, 1)
    assert 0 < second.new_bytes < second.blob_bytes
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert blobs(backup) == blobs(here.folder) == set(listed(backup, second.generation))
    assert whole(backup, identity)


def test_the_making_is_a_leaf_and_in_the_backup(
    here: Place, backup: Path, protection: Protection
) -> None:
    made = here.back_up(backup, protection)
    (leaf,) = here.log.leaves(0, 10)
    assert (leaf.kind, leaf.by) == (AuditKind.BACKUP, "cli:anna")
    assert leaf.subject == f"backup:{made.generation}"
    assert made.log.size == 1
    assert made.log.root == here.log.root(1).hex()


def test_older_generations_go_with_the_blobs_that_only_they_needed(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    first, *_ = here.fill(3)
    made = [here.back_up(backup, protection)]
    here.destroy(first)
    made.append(here.back_up(backup, protection))
    assert len(blobs(backup)) == 3
    made.append(here.back_up(backup, protection, keep=2))
    assert made[-1].removed == (made[0].generation,)
    assert made[-1].removed_blobs == 1
    assert BackupFolder(backup).generations() == [one.generation for one in made[1:]]
    assert blobs(backup) == blobs(here.folder)
    assert whole(backup, identity)


def test_no_blob_goes_while_a_list_is_missing(
    here: Place, backup: Path, protection: Protection
) -> None:
    first, *_ = here.fill(3)
    old = here.back_up(backup, protection)
    here.destroy(first)
    here.back_up(backup, protection)
    BackupFolder(backup).file(old.generation, LIST).unlink()
    made = here.back_up(backup, protection, keep=3)
    assert made.removed_blobs is None
    assert len(blobs(backup)) == 3


def make(place: Place, backup: Path, protection: Protection, told: object) -> making.Made:
    store = open_store(place.settings)
    try:
        return Making(
            database=place.database,
            store=store,
            settings=place.settings,
            by="cli:anna",
            progress=told,  # type: ignore[arg-type]
        ).make(BackupFolder(backup, create=True), protection)
    finally:
        store.close()


def test_what_is_destroyed_meanwhile_is_no_error_and_stays_destroyed(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    kept = here.fill(3)
    todo = [*kept[:1]]

    def told(what: str, more: int) -> None:
        del more
        if what == "blobs" and todo:
            here.destroy(last)
            todo.clear()

    objects = {here.items.object_of(item_id): item_id for item_id in kept}
    last = objects[max(objects, key=lambda one: one.address if one else "")]
    made = make(here, backup, protection, told)
    assert (made.gone, made.blobs, made.missing) == (1, 2, ())
    back = there.restore(backup, identity)
    assert back.destroyed == (last,)
    assert back.proof.checked == 2


def test_what_comes_meanwhile_is_not_in_it(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(2)
    came: list[str] = []

    def told(what: str, more: int) -> None:
        del more
        if what == "rows" and not came:
            came.append(here.keep())

    assert make(here, backup, protection, told).blobs == 2
    assert there.restore(backup, identity).proof.checked == 2
    assert len(here.items.living(limit=10)) == 3


def test_a_blob_that_the_vault_lacks_is_named_and_all_else_is_backed_up(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(3)
    lacking = min((here.folder / "vault").glob("??/*"))
    lacking.unlink()
    made = here.back_up(backup, protection)
    object_id = lacking.name.rpartition("-")[2]
    assert (made.blobs, made.missing) == (2, (object_id,))
    back = there.restore(backup, identity)
    assert back.proof.unreadable == (object_id,)
    assert back.proof.checked == 2


def test_a_blob_of_the_backup_that_was_cut_short_is_copied_again(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(2)
    here.back_up(backup, protection)
    cut = min((backup / "vault").glob("??/*"))
    cut.write_bytes(cut.read_bytes()[:-1])
    assert not whole(backup, identity)
    assert here.back_up(backup, protection).new_blobs == 1
    assert whole(backup, identity)


def test_keys_that_change_meanwhile_are_read_again(
    here: Place,
    there: Place,
    backup: Path,
    protection: Protection,
    identity: Identities,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here.fill(1)
    read, reads = keyfiles.read_keys, 0

    def rotating(settings: object, leave_out: object) -> object:
        nonlocal reads
        reads += 1
        found = read(settings, leave_out)  # type: ignore[arg-type]
        if reads == 1:
            here.vault._keys.rotate()
            here.keep()
        return found

    monkeypatch.setattr(making, "read_keys", rotating)
    here.back_up(backup, protection)
    assert reads == 4
    assert there.restore(backup, identity).proof.checked == 2
    monkeypatch.setattr(making, "read_keys", lambda *_: {"vault.key": object()})
    with pytest.raises(Unavailable, match="change all the time"):
        here.back_up(backup, protection)


def test_the_clock_may_go_back(here: Place, backup: Path, protection: Protection) -> None:
    made = here.back_up(backup, protection)
    folder = BackupFolder(backup)
    later = f"2999{made.generation[4:]}"
    for end in (".age", ".blobs"):
        folder.file(made.generation, end).rename(folder.file(later, end))
    assert here.back_up(backup, protection).generation > later


def test_two_at_once_do_not_mix(here: Place, backup: Path, protection: Protection) -> None:
    with (
        BackupFolder(backup, create=True).locked(),
        pytest.raises(Conflict, match="another process"),
    ):
        here.back_up(backup, protection)


def test_what_was_left_unfinished_is_removed_and_used(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(2)
    made = here.back_up(backup, protection)
    folder = BackupFolder(backup)
    folder.file(made.generation, ".age").rename(folder.draft(made.generation, ".age"))
    (backup / "vault" / "writing" / "torn").write_bytes(b"a harmless line")
    assert folder.generations() == []
    again = here.back_up(backup, protection)
    assert (again.blobs, again.new_blobs) == (2, 0)
    names = {path.name for path in (backup / "generations").iterdir()}
    assert names == {f"{again.generation}.age", f"{again.generation}.blobs"}
    assert list((backup / "vault" / "writing").iterdir()) == []
    assert whole(backup, identity)


@pytest.mark.parametrize("room", [0, 10_000])
def test_a_full_disk_is_told_and_leaves_no_generation(
    here: Place,
    backup: Path,
    protection: Protection,
    identity: Identities,
    small_files: Callable[[int], AbstractContextManager[None]],
    room: int,
) -> None:
    here.fill(2)
    here.back_up(backup, protection)
    here.keep(b"a harmless line" * 10_000)
    with ExitStack() as limited:

        def told(what: str, more: int) -> None:
            del what, more
            limited.enter_context(small_files(room))

        with pytest.raises((Unavailable, StoreUnavailable), match="too large"):
            make(here, backup, protection, told)
    assert len(BackupFolder(backup).generations()) == 1
    here.back_up(backup, protection)
    assert whole(backup, identity)


def test_a_passphrase_and_a_recipient_may_both_open_it(
    new_place: Callable[..., Place], backup: Path, protection: Protection, identity: Identities
) -> None:
    here, there = new_place("here"), new_place("there")
    here.fill(1)
    locked_too = msgspec.structs.replace(protection, passphrase="a harmless line")  # noqa: S106
    made = here.back_up(backup, locked_too)
    locked = BackupFolder(backup).file(made.generation, ".identity.age")
    unlocked = Identities.unlock(locked, "a harmless line")
    assert there.restore(backup, unlocked).proof.checked == 1
    assert whole(backup, identity)
    found = list(backup.rglob("*"))
    assert {path.stat().st_mode & 0o077 for path in (backup, *found)} == {0}
    with pytest.raises(InvalidInput, match="passphrase does not open"):
        Identities.unlock(locked, "another harmless line")
    locked.write_bytes(locked.read_bytes()[:-1])
    with pytest.raises(DamagedBackup):
        Identities.unlock(locked, "a harmless line")
