"""The signer: what it signs, and above all what it does not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.evidence.audit.checkpoint import verify
from tutela.evidence.audit.signer import Signer, contradiction
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.witness import Witness
from tutela.merkle import verify_consistency
from tutela.storage.custody_tables import audit_checkpoints, audit_head

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown, Tamperer


def test_it_signs_when_there_is_more(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    assert grown.signer.sign_if_more() is None
    grown.grow(5)
    first = grown.signer.sign_if_more()
    assert first is not None
    assert grown.signer.sign_if_more() is None
    grown.grow(1)
    second = grown.signer.sign_if_more()
    assert second is not None
    assert grown.log.checkpoints() == [second, first]
    old, new = (verify(one.note, grown.key.verifier) for one in (first, second))
    assert (old.size, new.size) == (5, 6)
    assert new.root == grown.log.head().root
    assert verify_consistency(5, 6, grown.log.consistency(5, 6), old.root, new.root)


def test_a_crash_between_its_two_places_is_made_good(grown: Grown) -> None:
    before = grown.log.checkpoints()
    with grown.database.write() as connection:
        connection.execute(audit_checkpoints.delete().where(audit_checkpoints.c.size == 600))
    assert grown.signer.sign_if_more() is None
    assert grown.log.checkpoints() == before


def test_several_machines_sign_the_same(grown: Grown, tmp_path: Path) -> None:
    other = Signer(grown.log, grown.key, Witness(tmp_path / "other"))
    note = grown.log.checkpoints()[0].note
    signed = other.sign_if_more()
    assert signed is not None
    assert signed.note == note
    grown.grow(100)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda signer: signer.sign_if_more(), (other, grown.signer)))
    assert grown.verify().exit_code == 0
    known = Witness(tmp_path / "other").known()
    assert known is not None
    assert known.size == 700


def test_it_does_not_sign_what_was_edited_before(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(600)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = tamperer.changed(leaves[index], subject="somebody else")
    tamperer.write(leaves)
    grown.grow(3)
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == index
    assert caught.value.code == "tampered"
    assert len(grown.log.checkpoints()) == 3


def test_it_does_not_sign_what_was_cut_off(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(600)
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:index]])
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == index
    known = grown.witness.known()
    assert known is not None
    found = contradiction(grown.log, known)
    assert found is not None
    assert found.leaf == index


def test_it_does_not_sign_an_older_database(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(500)
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:index]])
    grown.grow(300)
    with pytest.raises(Tampered) as caught:
        grown.sign()
    # What was written since may be the same as before, but not with the same times.
    assert caught.value.leaf is not None
    assert caught.value.leaf >= index


def test_it_looks_at_each_new_leaf(grown: Grown, tamperer: Tamperer) -> None:
    grown.grow(100)
    index = tamperer.chance.randrange(600, 700)
    tamperer.set(index, leaf=tamperer.leaves()[index].text.replace("clear", "match"))
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == index


@pytest.mark.parametrize("index", [600, 650, 699])
def test_it_misses_a_leaf_that_is_gone(grown: Grown, index: int) -> None:
    grown.grow(100)
    with grown.database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM audit_leaves WHERE number = {index}")  # noqa: S608
    with pytest.raises(Tampered) as caught:
        grown.sign()
    assert caught.value.leaf == index


def test_it_does_not_sign_another_log(grown: Grown, new_log: Callable[[], Grown]) -> None:
    witness, key = grown.witness, grown.key
    other = new_log()
    with other.database.write() as connection:
        connection.execute(audit_head.update().values(origin="tutela-0123456789abcdef"))
    other.grow(700)
    with pytest.raises(Tampered, match="no restore says"):
        Signer(other.log, key, witness).sign_if_more()
    known = witness.known()
    assert known is not None
    assert contradiction(other.log, known) is not None


def test_a_glance_finds_nothing_wrong_with_a_good_log(grown: Grown) -> None:
    known = grown.witness.known()
    assert known is not None
    assert contradiction(grown.log, known) is None
    grown.grow(5)
    assert contradiction(grown.log, known) is None


def test_a_glance_sees_that_all_was_made_anew(grown: Grown, tamperer: Tamperer) -> None:
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[7] = tamperer.changed(leaves[7], subject="somebody else")
    tamperer.write(leaves)
    known = grown.witness.known()
    assert known is not None
    assert contradiction(grown.log, known) is not None
