from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import BadConfiguration, Conflict, Unavailable
from tutela.evidence.audit.signing import Verifier
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.audit.witness import Witness
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.making import Protection
from tutela.evidence.backup.manifest import DamagedBackup
from tutela.evidence.vault.store import Damaged, StoreUnavailable
from tutela.merkle import leaf_hash
from tutela.model.custody.evidence import ItemState
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.response.secrets import Secrets
from tutela.settings.custody import VaultSettings
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.audit.log import encoded
from tutela.storage.banks import Banks
from tutela.storage.counts import reconcile

if TYPE_CHECKING:
    from tests.unit.evidence.backup.conftest import Place


def kinds(place: Place) -> list[str]:
    head = place.log.head()
    return [leaf.kind for leaf in place.log.leaves(0, head.size)]


def sound(place: Place) -> bool:
    verifier = Verifier.read(place.settings.audit_key_file.with_suffix(".pub"))
    known = Witness(place.settings.witness_folder).known()
    return verify_log(InDatabase(place.log), verifier, known=known).bad == ()


def contents(place: Place) -> list[bytes]:
    living = place.items.living(limit=500)
    return sorted(b"".join(place.vault.read(stored)) for stored in living)


def test_everything_comes_back_on_either_kind_of_database(
    here: Place, anywhere: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    kept = here.fill()
    made = here.back_up(backup, protection)
    back = anywhere.restore(backup, identity)
    assert (back.generation, back.blobs) == (made.generation, len(kept))
    assert back.proof.checked == len(kept)
    assert (back.proof.unreadable, back.proof.findings) == ((), ())
    assert contents(anywhere) == contents(here)
    assert [bank.name for bank in Banks(anywhere.database).list()] == ["hills"]
    assert reconcile(anywhere.database).sound
    for name in ("vault.key", "audit.key", "audit.pub", "actions.key"):
        assert (anywhere.folder / name).read_bytes() == (here.folder / name).read_bytes()
        assert (anywhere.folder / name).stat().st_mode & 0o077 == 0
    assert kinds(anywhere)[: made.log.size] == kinds(here)[: made.log.size]
    assert kinds(anywhere)[made.log.size] == AuditKind.RESTORE
    anywhere.keep()
    anywhere.sign()
    assert sound(anywhere)


def test_a_backup_of_nothing_comes_back(
    here: Place, anywhere: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    made = here.back_up(backup, protection)
    back = anywhere.restore(backup, identity)
    assert (back.blobs, back.proof.findings, back.lost) == (0, None, None)
    assert kinds(anywhere) == [AuditKind.BACKUP, AuditKind.RESTORE]
    assert made.log.size == 1


def test_what_the_witness_knows_beyond_the_backup_is_named(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    first, second, third = here.fill()
    key, _ = Keys(here.database).create("anna", "admin")
    lifted = here.items.hold(third, "an order", "a court", "cli:anna")
    here.back_up(backup, protection)
    here.destroy(first)
    here.items.hold(second, "another order", "a court", "cli:anna")
    here.items.release(lifted.id, "it has ended", "cli:anna")
    came_later = here.keep()
    here.destroy(came_later)
    Keys(here.database).revoke(key.id)
    Sessions(here.database).create_code("admin", timedelta(minutes=5))
    here.sign()
    before = here.log.head()
    back = here.restore(backup, identity, replace=True)
    lost = back.lost
    assert lost is not None
    assert (lost.known, lost.parted) == (before.size, None)
    assert lost.leaves == before.size - lost.size
    assert lost.kinds == {
        "destroy": 2,
        "hold": 1,
        "release": 1,
        "decision": 1,
        "preserve": 1,
        "api_key": 1,
        "sign_in": 1,
    }
    assert set(lost.destroyed) == {first, came_later}
    assert [hold.item for hold in lost.placed] == [second]
    assert [hold.number for hold in lost.lifted] == [lifted.id]
    assert back.destroyed == (first,)
    assert back.revoked == (key.id,)
    assert lost.first_at is not None
    assert lost.last_at is not None
    assert lost.first_at < lost.last_at
    assert here.items.get(first).state is ItemState.DESTROYED
    assert here.items.holds(third)[0].released_at is None
    assert [one.revoked_at is None for one in Keys(here.database).list()] == [False]
    restored = kinds(here)[lost.size :]
    assert restored == ["restore", "destroy", "api_key"]
    here.keep()
    here.sign()
    assert sound(here)


def test_an_item_that_was_destroyed_since_cannot_be_read_again(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    first, *others = here.fill()
    here.back_up(backup, protection)
    here.destroy(first)
    here.sign()
    back = here.restore(backup, identity, replace=True)
    assert back.proof.checked == len(others)
    assert len(contents(here)) == len(others)
    living = {stored.id for stored in here.items.living(limit=500)}
    there = {path.name.rpartition("-")[2] for path in (here.folder / "vault").glob("??/*")}
    assert there == living


def test_sessions_and_codes_do_not_come_back(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    _, token = Sessions(here.database).open(
        "admin", idle=timedelta(hours=1), life=timedelta(hours=2)
    )
    code = Sessions(here.database).create_code("admin", timedelta(hours=1))
    here.back_up(backup, protection)
    assert there.restore(backup, identity).signed_out == 2
    assert Sessions(here.database).find(token) is not None
    assert Sessions(there.database).find(token) is None
    assert Sessions(there.database).redeem(code) is None


def test_a_backup_of_another_log_is_refused_or_the_witness_put_aside(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    old = here.back_up(backup, protection)
    here.keep()
    here.sign()
    new = here.back_up(backup, protection)
    here.restore(backup, identity, old.generation, replace=True)
    here.keep()
    here.sign()
    assert sound(here)
    with pytest.raises(Conflict, match=f"differ from leaf {old.log.size} on"):
        there.restore(backup, identity, new.generation, witness=here.settings.witness_folder)
    back = here.restore(backup, identity, new.generation, replace=True)
    assert back.lost is not None
    assert back.lost.parted == old.log.size
    assert any("audit.before-restore" in path for path in back.aside)
    here.sign()
    assert sound(here)


def test_another_witness_can_be_named(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    here.back_up(backup, protection)
    here.destroy(here.items.list(limit=1)[0].id)
    here.sign()
    back = there.restore(backup, identity, witness=here.settings.witness_folder)
    assert back.lost is not None
    assert back.lost.kinds == {"destroy": 1}
    assert len(back.destroyed) == 1
    with pytest.raises(BadConfiguration, match="no witness"):
        there.restore(backup, identity, witness=backup / "nowhere", replace=True)


def test_what_is_there_is_not_replaced_unasked(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    here.back_up(backup, protection)
    Banks(there.database).create("lakes")
    with pytest.raises(Conflict, match="holds something"):
        there.restore(backup, identity)
    assert [bank.name for bank in Banks(there.database).list()] == ["lakes"]
    assert not (there.folder / "audit.key").exists()


def test_key_files_that_differ_are_put_aside_when_asked(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    here.back_up(backup, protection)
    Secrets.open(there.settings.actions_key_file)
    own = there.settings.actions_key_file.read_bytes()
    with pytest.raises(Conflict, match="another key file"):
        there.restore(backup, identity)
    assert there.settings.actions_key_file.read_bytes() == own
    assert [path.name for path in there.folder.iterdir() if path.name != "vault"] == ["actions.key"]
    back = there.restore(backup, identity, replace=True)
    (aside,) = (Path(path) for path in back.aside)
    assert aside.read_bytes() == own
    assert (
        there.settings.actions_key_file.read_bytes() == (here.folder / "actions.key").read_bytes()
    )


def test_another_key_service_is_refused(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.back_up(backup, protection)
    vault = VaultSettings(keys="http")
    there.settings = msgspec.structs.replace(there.settings, vault=vault)
    with pytest.raises(BadConfiguration, match="kept by file, and not by http"):
        there.restore(backup, identity)


def test_blobs_that_are_missing_or_altered_keep_a_restore_back(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    here.back_up(backup, protection)
    one, other, _ = sorted((backup / "vault").glob("??/*"))
    one.unlink()
    with pytest.raises(DamagedBackup, match="is missing"):
        there.restore(backup, identity)
    one.write_bytes(b"a harmless line")
    with pytest.raises(DamagedBackup, match="altered or cut short"):
        there.restore(backup, identity)
    other.write_bytes(other.read_bytes()[:-1])
    back = there.restore(backup, identity, despite_damage=True)
    assert set(back.proof.unreadable) == {path.name.rpartition("-")[2] for path in (one, other)}
    assert back.proof.checked == 1


def test_evidence_that_was_damaged_before_is_found(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    damaged = min((here.folder / "vault").glob("??/*"))
    content = bytearray(damaged.read_bytes())
    content[-20] ^= 1
    damaged.write_bytes(content)
    here.back_up(backup, protection)
    with pytest.raises(Damaged):
        there.restore(backup, identity)
    back = there.restore(backup, identity, despite_damage=True)
    assert back.proof.unreadable == (damaged.name.rpartition("-")[2],)


def test_a_log_that_does_not_verify_keeps_a_restore_back(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    with here.database.write() as connection:
        connection.exec_driver_sql("UPDATE audit_leaves SET leaf = 'x' WHERE number = 2")
    here.back_up(backup, protection)
    with pytest.raises(Tampered, match="does not verify") as caught:
        there.restore(backup, identity)
    assert caught.value.leaf == 2
    assert there.restore(backup, identity, despite_damage=True).proof.findings


def test_a_sample_is_enough_when_asked(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill()
    here.back_up(backup, protection)
    assert there.restore(backup, identity, quick=True).proof.checked > 0


def test_a_restore_takes_up_what_one_before_left(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    kept = here.fill()
    here.back_up(backup, protection)
    last = max((backup / "vault").glob("??/*"))
    content = last.read_bytes()
    last.unlink()
    with pytest.raises(DamagedBackup):
        there.restore(backup, identity)
    last.write_bytes(content)
    assert there.restore(backup, identity).proof.checked == len(kept)


def test_the_vault_key_may_be_kept_elsewhere(
    here: Place, there: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    kept = here.fill()
    here.back_up(backup, protection, leave_out=("vault.key",))
    with pytest.raises(BadConfiguration, match="the key file is missing"):
        there.restore(backup, identity)
    shutil.copy(here.settings.vault_key_file, there.settings.vault_key_file)
    assert there.restore(backup, identity).proof.checked == len(kept)
    assert contents(there) == contents(here)


@pytest.mark.parametrize("room", [0, 100_000, 300_000])
def test_a_full_disk_leaves_nothing_half_restored(
    here: Place,
    there: Place,
    backup: Path,
    protection: Protection,
    identity: Identities,
    small_files: Callable[[int], AbstractContextManager[None]],
    room: int,
) -> None:
    here.fill(1)
    kept = here.keep(b"a harmless line" * 30_000)
    here.back_up(backup, protection)
    with small_files(room), pytest.raises((Unavailable, StoreUnavailable)):
        there.restore(backup, identity)
    assert [path.name for path in there.folder.iterdir() if path.name != "vault"] == []
    there.restore(backup, identity)
    assert there.items.get(kept).state is ItemState.KEPT


def test_a_leaf_of_a_kind_that_is_not_known_is_counted(
    here: Place, backup: Path, protection: Protection, identity: Identities
) -> None:
    here.fill(1)
    made = here.back_up(backup, protection)
    here.keep()
    here.sign()
    (origin,) = (path for path in here.settings.witness_folder.iterdir() if path.is_dir())
    size, at = here.log.head().size, here.log.head().at
    text = encoded(
        Leaf(index=size, at=at, kind=AuditKind.START, by="tutela", subject="server")
    ).replace(b"start", b"hills")
    with (origin / "leaves.jsonl").open("ab") as leaves, (origin / "hashes").open("ab") as hashes:
        leaves.write(text + b"\n")
        hashes.write(leaf_hash(text))
    back = here.restore(backup, identity, replace=True)
    assert back.lost is not None
    assert back.lost.kinds == {"decision": 1, "preserve": 1, "hills": 1}
    assert back.lost.size == made.log.size
