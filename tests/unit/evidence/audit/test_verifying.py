"""Whatever is done to a log in its database, the first bad leaf is named.

Each of these happens at three random places, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from tutela.evidence.audit.checkpoint import Statement, make
from tutela.evidence.audit.findings import Place
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.verifying import verify_log
from tutela.merkle import leaf_hash
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.storage.audit.log import append, encoded
from tutela.storage.custody_tables import audit_leaves, audit_nodes

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown, Tamperer

SIZE = 600
CHECKPOINTS = (0, 100, 350, 600)


def blamed(grown: Grown, *, witness: bool = True) -> tuple[int | None, int | None]:
    """The first and last leaf that the first bad one may be."""
    findings = grown.verify(witness=witness)
    assert findings.exit_code == 1
    first = findings.first_bad
    assert first is not None, findings
    return first.first, first.last


def between(index: int) -> tuple[int, int]:
    """The leaves between two checkpoints, of which one is this."""
    good = max(size for size in CHECKPOINTS if size <= index)
    return good, min(size for size in CHECKPOINTS if size > index) - 1


def edited(tamperer: Tamperer, index: int) -> Leaf:
    leaf = tamperer.leaves()[index].leaf
    return tamperer.changed(leaf, subject="somebody else")


def test_a_log_that_nobody_touched_is_sound(grown: Grown) -> None:
    grown.grow(7)
    for witness in (True, False):
        findings = grown.verify(witness=witness)
        assert findings.exit_code == 0, findings
        assert (findings.read, findings.signed, findings.checkpoints) == (607, 600, 3)
        assert findings.witnessed == (600 if witness else 0)
        assert findings.root == grown.log.head().root.hex()
        assert "7 leaves" in " ".join(findings.notes)


def test_an_empty_log_is_sound(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    grown.sign()
    assert grown.verify().exit_code == 0
    assert grown.verify(witness=False).exit_code == 0


def test_without_checkpoint_and_witness_nothing_is_said(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    grown.grow(3)
    findings = grown.verify(witness=False)
    assert findings.exit_code == 2
    assert "nothing vouches" in "\n".join(findings.lines())


def test_an_edited_text(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    text = encoded(edited(tamperer, index)).decode()
    tamperer.set(index, leaf=text, subject="somebody else")
    assert blamed(grown) == blamed(grown, witness=False) == (index, index)


def test_an_edited_text_with_its_hash(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    text = encoded(edited(tamperer, index))
    tamperer.set(index, leaf=text.decode(), subject="somebody else", hash=leaf_hash(text))
    assert blamed(grown) == (index, index)
    first, last = blamed(grown, witness=False)
    assert first is not None
    assert last is not None
    good, end = between(index)
    block = index - index % 256
    # The root of 256 leaves, which was not made anew, tells more than the checkpoints.
    whole = block + 256 <= min(size for size in CHECKPOINTS if size > index)
    assert (first, last) == ((max(good, block), min(end, block + 255)) if whole else (good, end))


def test_an_edit_with_everything_made_anew(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = edited(tamperer, index)
    tamperer.write(leaves)
    assert blamed(grown) == (index, index)
    assert blamed(grown, witness=False) == between(index)


def test_a_deleted_row(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    tamperer.delete(index)
    assert blamed(grown) == blamed(grown, witness=False) == (index, index)


def test_a_deletion_with_everything_made_anew(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    del leaves[index]
    tamperer.write(leaves)
    assert blamed(grown) == (index, index)
    assert blamed(grown, witness=False) == between(index)


def test_an_insertion(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves.insert(index, edited(tamperer, index))
    tamperer.write(leaves)
    assert blamed(grown) == (index, index)
    assert blamed(grown, witness=False) == between(index)


def test_two_rows_that_were_swapped(grown: Grown, tamperer: Tamperer) -> None:
    first, second = sorted(tamperer.chance.sample(range(SIZE), 2))
    tamperer.set(first, number=SIZE)
    tamperer.set(second, number=first)
    tamperer.set(SIZE, number=second)
    assert blamed(grown) == blamed(grown, witness=False) == (first, first)


def test_two_leaves_that_were_swapped_with_everything_made_anew(
    grown: Grown, tamperer: Tamperer
) -> None:
    leaves = [stored.leaf for stored in tamperer.leaves()]
    # Within one moment, so that their times do not tell.
    moment = tamperer.chance.choice(leaves).at
    same = [leaf.index for leaf in leaves if leaf.at == moment]
    first, second = sorted(tamperer.chance.sample(same, 2))
    leaves[first], leaves[second] = leaves[second], leaves[first]
    tamperer.write(leaves)
    assert blamed(grown) == (first, first)
    assert blamed(grown, witness=False) == between(first)


def test_times_tell_of_a_swap_and_not_which_is_the_first(grown: Grown, tamperer: Tamperer) -> None:
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[385], leaves[545] = leaves[545], leaves[385]
    tamperer.write(leaves)
    assert blamed(grown) == (385, 385)
    assert blamed(grown, witness=False) == (350, 386)


def test_a_tail_that_was_cut_off(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    tamperer.delete(*range(index, SIZE))
    assert blamed(grown) == blamed(grown, witness=False) == (index, index)


def test_a_tail_that_was_cut_off_and_the_end_set_back(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(1, SIZE)
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:index]])
    assert blamed(grown) == (index, SIZE - 1)
    good = max(size for size in CHECKPOINTS if size <= index)
    assert blamed(grown, witness=False) == (good, SIZE - 1)
    tamperer.forget_checkpoints(index)
    assert blamed(grown) == (index, SIZE - 1)


def test_an_older_database_that_went_on(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(1, SIZE - 20)
    tamperer.write([stored.leaf for stored in tamperer.leaves()[:index]])
    tamperer.forget_checkpoints(index)
    at = tamperer.leaves()[-1].leaf.at + timedelta(days=1)
    new = NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject="another item")
    with grown.database.write() as connection:
        append(connection, [new] * (SIZE + 50 - index), at)
    assert blamed(grown) == (index, index)


def test_the_leaf_is_named_as_it_was(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE // 10) * 10
    before = tamperer.leaves()[index].leaf
    leaves = [stored.leaf for stored in tamperer.leaves()]
    del leaves[index:]
    tamperer.write(leaves)
    found = grown.verify().first_bad
    assert found is not None
    assert (found.kind, found.at) == (before.kind.value, before.at)
    assert before.kind.value.replace("_", " ") in str(found)


def test_a_forged_checkpoint(grown: Grown, tamperer: Tamperer, tmp_path: Path) -> None:
    size = tamperer.chance.choice(CHECKPOINTS[1:])
    other = AuditKey.create(tmp_path / "other.key")
    statement = Statement(origin=grown.log.head().origin, size=size, root=grown.log.root(size))
    tamperer.set_note(size, make(statement, other))
    for witness in (True, False):
        findings = grown.verify(witness=witness)
        assert findings.exit_code == 1
        assert findings.first_bad is None
        (finding,) = findings.bad
        assert finding.place is Place.CHECKPOINT
        assert f"checkpoint of {size}" in finding.what


def test_a_checkpoint_of_another_size(grown: Grown, tamperer: Tamperer) -> None:
    tamperer.set_note(350, grown.log.checkpoints()[-1].note)
    (finding,) = grown.verify(witness=False).bad
    assert finding.place is Place.CHECKPOINT


def test_a_checkpoint_that_the_stolen_key_signed(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(100, 350)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = edited(tamperer, index)
    tamperer.write(leaves)
    origin = grown.log.head().origin
    for size in (350, 600):
        statement = Statement(origin=origin, size=size, root=grown.log.root(size))
        tamperer.set_note(size, make(statement, grown.key))
    assert grown.verify(witness=False).exit_code == 0  # nobody could know
    assert blamed(grown) == (index, index)


def test_many_forged_checkpoints_are_told_once(grown: Grown, tmp_path: Path) -> None:
    other = AuditKey.create(tmp_path / "other.key")
    for _ in range(20):
        grown.grow(1)
        grown.sign()
    findings = verify_log(InDatabase(grown.log), other.verifier)
    assert findings.exit_code == 1
    assert len(findings.bad) == 5
    assert "18 more" in findings.bad[-1].what


@pytest.mark.parametrize("index", [0, 99, 333])
def test_a_witness_that_was_altered(grown: Grown, index: int) -> None:
    path = grown.witness.folder / grown.log.head().origin / "hashes"
    hashes = bytearray(path.read_bytes())
    hashes[index * 32 + 5] ^= 1
    path.write_bytes(hashes)
    findings = grown.verify()
    assert findings.exit_code == 1
    assert findings.first_bad is None
    (finding,) = findings.bad
    assert (finding.place, finding.first, finding.last) == (Place.WITNESS, index, index)


def test_a_witness_that_was_cut_off(grown: Grown) -> None:
    path = grown.witness.folder / grown.log.head().origin / "hashes"
    path.write_bytes(path.read_bytes()[: 500 * 32])
    (finding,) = grown.verify().bad
    assert (finding.place, finding.first, finding.last) == (Place.WITNESS, 500, 599)


def test_a_witness_with_a_forged_checkpoint(grown: Grown, tmp_path: Path) -> None:
    path = grown.witness.folder / grown.log.head().origin / "checkpoints.jsonl"
    other = AuditKey.create(tmp_path / "other.key")
    note = grown.log.checkpoints()[1].note
    statement = Statement(origin=grown.log.head().origin, size=350, root=grown.log.root(350))
    forged = make(statement, other)
    line = path.read_text().replace(note.replace("\n", "\\n"), forged.replace("\n", "\\n"))
    path.write_text(line)
    (finding,) = grown.verify().bad
    assert finding.place is Place.WITNESS


def test_log_and_witness_altered_alike(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = edited(tamperer, index)
    tamperer.write(leaves)
    path = grown.witness.folder / grown.log.head().origin / "hashes"
    path.write_bytes(b"".join(stored.hash for stored in tamperer.leaves()))
    assert blamed(grown) == between(index)


def test_a_log_of_another_origin(grown: Grown, tamperer: Tamperer) -> None:
    tamperer.head(origin="tutela-0123456789abcdef")
    for witness in (True, False):
        findings = grown.verify(witness=witness)
        assert findings.exit_code == 1
        assert "tutela-0123456789abcdef" in "\n".join(findings.lines())


def test_the_database_of_another_log(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    grown.grow(50)
    grown.sign()
    known, verifier = grown.witness.known(), grown.key.verifier
    other = new_log()
    other.grow(60)
    other.sign()
    findings = verify_log(InDatabase(other.log), verifier, known=known)
    assert findings.exit_code == 1


def test_a_time_that_was_set_back(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(20, SIZE)
    leaves = [stored.leaf for stored in tamperer.leaves()]
    leaves[index] = tamperer.changed(leaves[index], at=leaves[0].at - timedelta(seconds=1))
    tamperer.write(leaves)
    assert blamed(grown) == (index, index)
    assert blamed(grown, witness=False) == (between(index)[0], index)


def test_a_clock_that_went_back_is_told_and_not_bad(new_log: Callable[[], Grown]) -> None:
    grown = new_log()
    grown.grow(40)
    leaf = NewLeaf(kind=AuditKind.START, by="tutela", subject="server")
    with grown.database.write() as connection:
        append(connection, [leaf], grown.log.head().at - timedelta(hours=1))
    grown.sign()
    findings = grown.verify()
    assert findings.exit_code == 0
    assert "the clock had gone back at 1 leaves: 40" in findings.notes


def test_a_clock_that_is_said_to_have_gone_back(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    leaf = tamperer.leaves()[index].leaf
    text = encoded(tamperer.changed(leaf, clock=leaf.at))
    tamperer.set(index, leaf=text.decode(), hash=leaf_hash(text))
    assert blamed(grown, witness=False) == (index, index)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text.replace('","', '", "', 1),
        lambda text: text.replace("{", '{"zz":1,', 1),
        lambda text: text + " ",
        lambda _: "",
        lambda _: "no leaf",
        lambda text: text.replace('"decision"', '"judgment"'),
    ],
)
def test_a_text_that_is_not_written_as_leaves_are(
    grown: Grown, spoilt: Callable[[str], str]
) -> None:
    before = grown.log.leaf(123).text
    text = spoilt(before)
    assert text != before
    with grown.database.write() as connection:
        row = update(audit_leaves).where(audit_leaves.c.number == 123)
        connection.execute(row.values(leaf=text, hash=leaf_hash(text.encode())))
    assert blamed(grown, witness=False) == (123, 123)
    assert blamed(grown) == (123, 123)


@pytest.mark.parametrize("column", ["subject", "kind", "who"])
def test_a_row_that_does_not_say_what_its_leaf_says(
    grown: Grown, tamperer: Tamperer, column: str
) -> None:
    index = tamperer.chance.randrange(SIZE)
    tamperer.set(index, **{column: "elsewhere"})
    findings = grown.verify(witness=False)
    assert findings.first_bad is None
    (finding,) = findings.bad
    assert (finding.place, finding.first, finding.last) == (Place.ROW, index, index)


def test_a_stored_hash_that_was_changed(grown: Grown, tamperer: Tamperer) -> None:
    index = tamperer.chance.randrange(SIZE)
    tamperer.set(index, hash=bytes(32))
    (finding,) = grown.verify().bad
    assert (finding.place, finding.first) == (Place.ROW, index)
    assert blamed(grown, witness=False) == (index, index)


@pytest.mark.parametrize("gone", [True, False])
def test_a_node_that_was_changed(grown: Grown, *, gone: bool) -> None:
    second = audit_nodes.c.position == 1
    with grown.database.write() as connection:
        if gone:
            connection.execute(delete(audit_nodes).where(second))
        else:
            connection.execute(update(audit_nodes).where(second).values(hash=bytes(32)))
    (finding,) = grown.verify().bad
    assert (finding.place, finding.first, finding.last) == (Place.NODE, 256, 511)


def test_an_end_that_was_changed(grown: Grown, tamperer: Tamperer) -> None:
    tamperer.head(edge=bytes(32 * SIZE.bit_count()))
    (finding,) = grown.verify().bad
    assert finding.place is Place.HEAD
    tamperer.head(edge=b"")
    (finding,) = grown.verify().bad
    assert finding.place is Place.HEAD


def test_a_leaf_behind_the_end(grown: Grown, tamperer: Tamperer) -> None:
    stored = tamperer.leaves()[-1]
    size = SIZE + tamperer.chance.randrange(1, 9)
    tamperer.set(stored.index, number=size)
    findings = grown.verify()
    assert findings.first_bad is not None
    assert findings.first_bad.first == SIZE - 1


def test_progress_is_told(grown: Grown) -> None:
    told: list[int] = []
    verify_log(InDatabase(grown.log), grown.key.verifier, progress=told.append)
    assert sum(told) == SIZE
