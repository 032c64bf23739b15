"""A restored log goes on under another name, and what was lost is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.evidence.audit.epochs import next_origin, restore_leaf, restored
from tutela.evidence.audit.findings import Findings
from tutela.evidence.audit.signer import Signer, contradiction
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.audit.witness import Witness

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown, Tamperer


def go_back(tamperer: Tamperer, size: int, origin: str = "") -> None:
    """Put an older database in place of the present one."""
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:size]])
    tamperer.forget_checkpoints(size)
    if origin:
        tamperer.head(origin=origin)


def restore(grown: Grown) -> str:
    """Say that it was restored; the log's new name."""
    said = restored(grown.log.head(), grown.witness.known())
    grown.log.restart(restore_leaf(said, "backup", "cli:root"), next_origin(said))
    return next_origin(said)


def sound(grown: Grown) -> Findings:
    for witness in (True, False):
        findings = grown.verify(witness=witness)
        assert findings.exit_code == 0, findings
    return grown.verify()


def test_what_was_lost_is_named_before_anything_is_signed(grown: Grown, tamperer: Tamperer) -> None:
    go_back(tamperer, 400)
    assert grown.verify().exit_code == 1
    restore(grown)
    grown.grow(9)
    notes = " ".join(sound(grown).notes)
    assert "at leaf 400 the log was restored from a backup: 200 leaves were lost" in notes
    assert "180 decision, 5 export, 5 hold, 5 look, 5 policy" in notes


def test_it_is_signed_and_goes_on(grown: Grown, tamperer: Tamperer) -> None:
    before = grown.log.head().origin
    go_back(tamperer, 400)
    after = restore(grown)
    assert after != before == grown.witness.known().origins[0]  # type: ignore[union-attr]
    grown.grow(300)
    grown.sign()
    findings = sound(grown)
    assert (findings.origin, findings.signed, findings.witnessed) == (after, 701, 701)
    known = grown.witness.known()
    assert known is not None
    assert [(one.origin, one.start) for one in known.epochs] == [(before, 0), (after, 400)]
    assert known.size_of(known.epochs[0]) == 600
    assert list(known.hashes()) == [stored.hash for stored in grown.log.leaves(0, 701)]
    grown.grow(1)
    Signer(grown.log, grown.key, Witness(grown.witness.folder)).sign_if_more()
    assert sound(grown).signed == 702


def test_tampering_is_found_on_both_sides_of_a_restore(grown: Grown, tamperer: Tamperer) -> None:
    go_back(tamperer, 400)
    restore(grown)
    grown.grow(300)
    grown.sign()
    for index in (tamperer.chance.randrange(400), tamperer.chance.randrange(401, 701)):
        leaves = [stored.leaf for stored in tamperer.leaves()]
        spoilt = list(leaves)
        spoilt[index] = tamperer.changed(leaves[index], subject="somebody else")
        tamperer.write(spoilt)
        first = grown.verify().first_bad
        assert first is not None
        assert (first.first, first.last) == (index, index)
        tamperer.write(leaves)
    sound(grown)


def test_a_backup_that_lost_nothing(grown: Grown) -> None:
    restore(grown)
    grown.sign()
    assert not [note for note in sound(grown).notes if "lost" in note]


def test_a_restore_without_a_witness(grown: Grown, tamperer: Tamperer, tmp_path: Path) -> None:
    go_back(tamperer, 400)
    grown.witness = Witness(tmp_path / "new")
    grown.signer = Signer(grown.log, grown.key, grown.witness)
    restore(grown)
    grown.grow(10)
    grown.sign()
    assert sound(grown).witnessed == 411


def test_a_backup_from_before_an_earlier_restore(grown: Grown, tamperer: Tamperer) -> None:
    first = grown.log.head().origin
    go_back(tamperer, 400)
    restore(grown)
    grown.grow(300)
    grown.sign()
    go_back(tamperer, 150, first)
    third = restore(grown)
    grown.grow(20)
    sound(grown)
    grown.sign()
    findings = sound(grown)
    assert (findings.origin, findings.signed, findings.witnessed) == (third, 171, 171)
    known = grown.witness.known()
    assert known is not None
    assert [one.start for one in known.epochs] == [0, 400, 150]
    assert list(known.hashes()) == [stored.hash for stored in grown.log.leaves(0, 171)]


@pytest.mark.parametrize("changes", [{"known_size": 599}, {"known_root": "ab" * 32}])
def test_a_restore_that_hides_what_was_lost(
    grown: Grown, tamperer: Tamperer, changes: dict[str, object]
) -> None:
    said = restored(grown.log.head(), grown.witness.known())
    go_back(tamperer, 400)
    said = msgspec.structs.replace(said, size=400, **changes)
    grown.log.restart(restore_leaf(said, "backup", "cli:root"), next_origin(said))
    grown.grow(10)
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == 400
    first = grown.verify().first_bad
    assert first is not None
    assert (first.first, first.kind) == (400, "restore")


def test_a_restore_of_an_altered_log(grown: Grown, tamperer: Tamperer) -> None:
    go_back(tamperer, 400)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[123] = tamperer.changed(leaves[123], subject="somebody else")
    tamperer.write(leaves)
    restore(grown)
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == 123
    first = grown.verify().first_bad
    assert first is not None
    assert first.first == 123


def test_a_name_that_no_restore_gave(grown: Grown, tamperer: Tamperer) -> None:
    restore(grown)
    grown.sign()
    tamperer.head(origin="tutela-0123456789abcdef")
    assert grown.verify().exit_code == 1
    assert grown.verify(witness=False).exit_code == 1
    with pytest.raises(Tampered, match="no restore says"):
        grown.sign()


def test_an_older_database_from_before_a_restore_put_there_by_hand(
    grown: Grown, tamperer: Tamperer
) -> None:
    first = grown.log.head().origin
    restore(grown)
    grown.sign()
    go_back(tamperer, 500, first)
    grown.grow(300)
    assert grown.verify().first_bad is not None
    with pytest.raises(Tampered):
        grown.sign()
    known = grown.witness.known()
    assert known is not None
    assert contradiction(grown.log, known) is not None


def test_a_machine_that_knew_less_follows(grown: Grown, tamperer: Tamperer, tmp_path: Path) -> None:
    other = Signer(grown.log, grown.key, Witness(tmp_path / "other"))
    other.sign_if_more()
    grown.grow(100, start=grown.log.head().at + timedelta(hours=1))
    grown.sign()
    go_back(tamperer, 650)
    restore(grown)
    grown.sign()
    other.sign_if_more()
    known = Witness(tmp_path / "other").known()
    assert known is not None
    findings = verify_log(InDatabase(grown.log), grown.key.verifier, known=known)
    assert findings.exit_code == 0, findings
    assert findings.witnessed == 651
