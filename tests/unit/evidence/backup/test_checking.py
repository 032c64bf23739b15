from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.errors import BadConfiguration, InvalidInput
from tutela.evidence.backup import archive, making
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.checking import Checked, check_generation
from tutela.evidence.backup.folder import AGE, BackupFolder
from tutela.evidence.backup.making import Protection
from tutela.evidence.backup.manifest import FORMAT, DamagedBackup

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.evidence.backup.conftest import Place


@pytest.fixture
def filled(new_place: Callable[..., Place]) -> Place:
    """An installation on SQLite: what a backup holds does not depend on the kind."""
    place = new_place("here")
    place.fill(3)
    return place


def check(backup: Path, identities: Identities, at: str | None = None) -> Checked:
    folder = BackupFolder(backup)
    return check_generation(folder, folder.find(at), identities, lambda _what, _more: None)


def test_a_whole_one_is_read_through(
    filled: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    made = filled.back_up(backup, protection)
    found = check(backup, identity)
    assert (found.generation, found.problems, found.missing) == (made.generation, (), 0)
    assert found.rows == sum(table.rows for table in made.tables)
    assert (found.blobs, found.bytes) == (3, made.blob_bytes)
    assert found.log == made.log
    assert set(found.keys) == {"actions.key", "audit.key", "audit.pub", "vault.key"}


def test_every_altered_byte_of_an_archive_is_found(
    filled: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    made = filled.back_up(backup, protection)
    path = Path(made.file)
    content = path.read_bytes()
    chance = random.Random(5)  # noqa: S311 - no secret
    places = {0, 30, 150, 300, len(content) - 1}
    places |= {chance.randrange(len(content)) for _ in range(40)}
    for at in places:
        altered = bytearray(content)
        altered[at] ^= 1 << chance.randrange(8)
        path.write_bytes(altered)
        with pytest.raises((DamagedBackup, InvalidInput)) as caught:
            check(backup, identity)
        assert str(path) in str(caught.value)
    path.write_bytes(content)
    assert check(backup, identity).problems == ()


def test_an_archive_that_was_cut_short_or_goes_on_is_found(
    filled: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    path = Path(filled.back_up(backup, protection).file)
    content = path.read_bytes()
    chance = random.Random(6)  # noqa: S311 - no secret
    for end in {0, 1, 200, len(content) - 1, *(chance.randrange(len(content)) for _ in range(20))}:
        path.write_bytes(content[:end])
        with pytest.raises((DamagedBackup, InvalidInput)):
            check(backup, identity)
    path.write_bytes(content + b"\0")
    with pytest.raises(DamagedBackup):
        check(backup, identity)


def test_generations_that_changed_their_names_are_found(
    filled: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    one = filled.back_up(backup, protection)
    other = filled.back_up(backup, protection)
    contents = Path(one.file).read_bytes()
    Path(one.file).write_bytes(Path(other.file).read_bytes())
    Path(other.file).write_bytes(contents)
    for made, found in ((one, other), (other, one)):
        with pytest.raises(DamagedBackup, match=f"it is generation {found.generation}"):
            check(backup, identity, made.generation)


def test_blobs_that_are_missing_or_altered_are_named(
    filled: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    filled.back_up(backup, protection)
    one, two, _ = sorted((backup / "vault").glob("??/*"))
    one.unlink()
    content = bytearray(two.read_bytes())
    content[100] ^= 1
    two.write_bytes(content)
    found = check(backup, identity)
    assert found.problems == (
        f"the blob of object {one.name.rpartition('-')[2]} is missing",
        f"the blob of object {two.name.rpartition('-')[2]} was altered or cut short",
    )


def test_another_key_opens_nothing(filled: Place, backup: Path, protection: Protection) -> None:
    made = filled.back_up(backup, protection)
    with pytest.raises(InvalidInput, match="none of the keys given"):
        check(backup, Identities.generate())
    with pytest.raises(InvalidInput, match="no passphrase opens this generation"):
        Identities.unlock(BackupFolder(backup).file(made.generation, ".identity.age"), "a line")


def test_a_backup_of_a_newer_program_is_named_as_that(
    filled: Place,
    backup: Path,
    protection: Protection,
    identity: Identities,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(making, "FORMAT", FORMAT + 1)
        newer.setattr(archive, "FORMAT", FORMAT + 1)
        filled.back_up(backup, protection)
    with pytest.raises(BadConfiguration, match="newer version"):
        check(backup, identity)


def test_a_folder_without_a_backup_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no backup in this folder"):
        BackupFolder(tmp_path)
    with pytest.raises(InvalidInput, match="no generation"):
        BackupFolder(tmp_path / "empty", create=True).find(None)


def test_a_generation_is_found_by_the_beginning_of_its_name(
    filled: Place, backup: Path, protection: Protection
) -> None:
    one = filled.back_up(backup, protection).generation
    other = filled.back_up(backup, protection).generation
    folder = BackupFolder(backup)
    assert folder.find(None) == other
    assert folder.find(one[:16]) == one
    for name in ("2", "hills", f"{one}x"):
        with pytest.raises(InvalidInput):
            folder.find(name)
    assert not folder.file("hills", AGE).exists()
