from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.lists.auditing import Audit, audit, status
from tutela.lists.sync import IndexSync
from tutela.model import NewEntry, Signal
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture
def lists(database: Database) -> Entries:
    """Fifty entries with two signals each, some of them changed."""
    Banks(database).create("hills", distance=9)
    Banks(database).create("lakes")
    lists = Entries(database)
    for bank, start in (("hills", 0), ("lakes", 25)):
        lists.add(
            bank,
            [
                NewEntry(
                    signals=(
                        Signal(kind="pdq", value=f"{n:02x}" * 32),
                        Signal(kind="md5", value=f"{n + 1:02x}" * 16),
                    ),
                    distance=n % 30 if n % 2 else None,
                )
                for n in range(start, start + 25)
            ],
        )
    lists.add("hills", [NewEntry(signals=(Signal(kind="md5", value=EMPTY),))])
    lists.disable(3)
    lists.delete(4)
    return lists


@pytest.fixture
def folder(lists: Entries, database: Database, tmp_path: Path) -> Path:
    """The index on disk, with some changes that it has not seen yet."""
    matcher = Matcher(builtin_kinds())
    sync = IndexSync(
        database, matcher, folder=IndexFolder(tmp_path / "index", matcher.part_classes)
    )
    assert sync._files
    sync._files.may_keep = True
    sync.refresh()
    sync._files.tend(sync)
    sync._files.close()
    lists.disable(5)
    lists.enable(3)
    lists.set_distance(6, 2)
    lists.delete(7)
    lists.add("lakes", [NewEntry(signals=(Signal(kind="pdq", value="77" * 32),))])
    return tmp_path / "index"


def audited(folder: Path, lists: Entries) -> Audit:
    return audit(folder, lists, Matcher(builtin_kinds()))


def test_a_sound_index_is_called_so(folder: Path, lists: Entries) -> None:
    found = audited(folder, lists)
    assert found.problems == ()
    assert found.compared == {"pdq": 49, "md5": 48, "sha1": 0, "sha256": 0}
    assert found.list_version == lists.version()
    kept = {segment.certificate for segment in status(folder, lists).segments}
    for proof in found.certificates:
        (old,) = (one for one in kept if one and one.kind == proof.kind)
        assert (proof.digest, proof.rows) == (old.digest, old.rows)
        assert proof.seed != old.seed


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE entry_signals SET value = {other} WHERE entry_id = 9", "not the same"),
        ("UPDATE entries SET state = 'disabled', version = 1 WHERE id = 9", "not the same"),
        ("UPDATE entries SET distance = 30 WHERE id = 9", "not the same"),
        ("UPDATE imports SET bank_id = 2 WHERE bank_id = 1", "not the same"),
        ("DELETE FROM entry_signals WHERE entry_id = 9", "holds 49 pdq signals, the database 48"),
    ],
)
def test_any_difference_from_the_database_is_found(
    folder: Path, lists: Entries, database: Database, statement: str, what: str
) -> None:
    with database.write() as connection:
        zeros = "zeroblob(32)" if database.dialect == "sqlite" else f"decode('{'00' * 32}', 'hex')"
        other = f"CASE kind WHEN 'pdq' THEN {zeros} ELSE value END"
        connection.execute(text(statement.format(other=other)))
    assert what in " ".join(audited(folder, lists).problems)


def test_damage_is_found(folder: Path, lists: Entries) -> None:
    segment = next(folder.glob("pdq-*.segment"))
    data = bytearray(segment.read_bytes())
    data[-5000] ^= 1
    segment.write_bytes(data)
    assert audited(folder, lists).problems == (
        f"{segment.name}: it is damaged: a checksum differs.",
    )


def test_an_index_that_is_not_there_or_not_of_this_database_is_told(
    folder: Path, lists: Entries
) -> None:
    manifest = manifests.read(folder)
    assert manifest
    manifests.publish(folder, replace(manifest, identity=1))
    wrong = "it was made from another database"
    assert audited(folder, lists).problems == (f"manifest.json: {wrong}.",)
    assert status(folder, lists).problem == wrong
    (folder / "manifest.json").unlink()
    missing = "there is no index on disk"
    assert audited(folder, lists).problems == (f"manifest.json: {missing}.",)
    assert status(folder, lists).problem == missing


def test_the_state_tells_files_versions_and_keeper(folder: Path, lists: Entries) -> None:
    found = status(folder, lists)
    assert found.problem == ""
    assert (found.list_version, found.database_version) == (lists.version() - 5, lists.version())
    assert (found.published, found.rebuilt, found.keeper) == (1, 1, None)
    assert {(one.kind, one.rows) for one in found.segments} == {("pdq", 49), ("md5", 49)}
    assert found.bytes == sum(path.stat().st_size for path in folder.glob("*.segment"))
    keeper = IndexFolder(folder, {})
    assert keeper.keep()
    assert status(folder, lists).keeper
    keeper.leave()
