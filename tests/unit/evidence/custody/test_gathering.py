from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.storage.conftest import Made
from tests.unit.storage.evidence.conftest import DETECTED_AT, item, sealed

from tutela.errors import NotFound
from tutela.evidence.audit import checkpoint
from tutela.evidence.audit.checkpoint import Statement
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody import document
from tutela.evidence.custody.agreement import disagreements
from tutela.evidence.custody.check import Result, check_document
from tutela.evidence.custody.document import read
from tutela.evidence.custody.documents import CustodyDocuments, Form
from tutela.evidence.custody.gathering import Gathering, Unsettled
from tutela.evidence.custody.record import DRILL_MARK, Touch
from tutela.model.custody.evidence import Hold, ItemFacts, NewItem, Step, StepKind
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.custody.names import exact, found
from tutela.storage.audit.reading import AuditLog, Checkpoint
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making


class Desk:
    """Items, a log, and what signs it."""

    def __init__(self, database: Database, key: AuditKey) -> None:
        self.database, self.key = database, key
        self.items, self.log = EvidenceItems(database), AuditLog(database)
        self.gathering = Gathering(self.items, self.log)
        self.documents = CustodyDocuments(self.gathering, key, self.sign)
        self._journal = Journal(database)

    def sign(self) -> None:
        head = self.log.head()
        said = Statement(origin=head.origin, size=head.size, root=head.root)
        note = checkpoint.make(said, self.key)
        self.log.keep_checkpoint(Checkpoint(size=head.size, at=head.at, note=note))

    def record(self, *new: NewItem) -> None:
        made = Made(f"event of {new[0].id}", matched=True)
        self._journal.record(made.event, made.outcome, made.case, items=new).result(30)

    def close(self) -> None:
        self._journal.close()


@pytest.fixture
def desk(database: Database, making: Making) -> Iterator[Desk]:
    desk = Desk(database, making.key)
    yield desk
    desk.close()


def kinds(touches: Sequence[Touch]) -> list[AuditKind]:
    return [one.leaf.kind for one in touches]


def test_a_record_has_every_touch_and_its_own_export_last(desk: Desk) -> None:
    new, other = item(sealed()), item(sealed("another line"))
    desk.record(new)
    desk.record(other)
    hold = desk.items.hold(new.id, "a court asked", "Furniture Office", "cli:ann")
    desk.items.hold(other.id, "not about this", "", "cli:ann")
    record = desk.gathering.export(new.id, "pdf", "cli:bob", desk.sign)
    assert kinds(record.touches) == [
        AuditKind.DECISION,
        AuditKind.PRESERVE,
        AuditKind.HOLD,
        AuditKind.EXPORT,
    ]
    assert record.touches[-1].leaf.by == "cli:bob"
    assert (record.item, record.holds) == (desk.items.get(new.id), (hold,))
    assert (record.drill, record.made_by) == (DRILL_MARK, "cli:bob")
    assert record.checkpoint is not None
    assert record.checkpoint.size == desk.log.head().size
    assert list(disagreements(record)) == []


def test_documents_of_a_whole_life_are_good(desk: Desk) -> None:
    new = item(sealed(), days=1)
    desk.record(new)
    hold = desk.items.hold(new.id, "a court asked", "Furniture Office", "cli:ann")
    desk.items.release(hold.id, "it was given back", "cli:ann")
    before = desk.documents.make(new.id, {Form.JSON}, "cli:bob")
    desk.items.destroy(new.id, "tutela", DETECTED_AT + timedelta(days=2))
    after = desk.documents.make(new.id, {Form.PDF, Form.JSON}, "cli:bob")
    for data in (before.json, after.json, after.pdf):
        findings = check_document(data, desk.key.verifier)
        assert not [one for one in findings.findings if one.result is Result.WRONG]
    assert not before.pdf
    exports = [one.leaf.data.get("form") for one in desk.log.about([new.id])]
    assert exports[-1] == "json pdf"


def test_a_record_to_be_read_has_no_proofs_and_leaves_no_leaf(desk: Desk) -> None:
    new = item(sealed())
    desk.record(new)
    size = desk.log.head().size
    record = desk.gathering.look(new.id, "session:7")
    assert kinds(record.touches) == [AuditKind.DECISION, AuditKind.PRESERVE]
    assert (record.checkpoint, record.keys) == (None, None)
    assert desk.log.head().size == size


def test_bytes_that_came_in_later_are_the_ones_that_the_log_speaks_of(desk: Desk) -> None:
    new = item()
    desk.record(new)
    object_ = sealed()
    facts = ItemFacts(digests=object_.digests, salt="0d" * 16, size=object_.size)
    desk.items.hand_in(new.id, object_, facts, "key:1")
    record = desk.gathering.export(new.id, "json", "cli:bob", desk.sign)
    assert list(disagreements(record)) == []


def test_what_is_not_there_leaves_no_leaf(desk: Desk) -> None:
    size = desk.log.head().size
    with pytest.raises(NotFound):
        desk.documents.make("item-none", {Form.PDF}, "cli:bob")
    with pytest.raises(NotFound):
        desk.gathering.look("item-none", "cli:bob")
    assert desk.log.head().size == size


def test_without_a_checkpoint_nothing_leaves_and_the_attempt_is_written(desk: Desk) -> None:
    new = item(sealed())
    desk.record(new)
    desk.sign()
    with pytest.raises(Unsettled):
        desk.gathering.export(new.id, "pdf", "cli:bob", lambda: None)
    assert desk.log.about([new.id])[-1].leaf.kind is AuditKind.EXPORT


def test_a_touch_that_comes_while_it_is_read_is_in_the_record(desk: Desk) -> None:
    new = item(sealed())
    desk.record(new)
    look = NewLeaf(kind=AuditKind.LOOK, by="session:7", subject=new.id)

    class Busy(EvidenceItems):
        """Somebody looks at the item while its holds are read."""

        def holds(self, item_id: str) -> Sequence[Hold]:
            if not looked:
                looked.append(desk.log.write([look]))
            return super().holds(item_id)

    looked: list[int] = []
    record = Gathering(Busy(desk.database), desk.log).look(new.id, "cli:bob")
    assert kinds(record.touches)[-1] is AuditKind.LOOK


def test_names_that_are_not_unicode_survive_to_the_document(desk: Desk) -> None:
    object_, (text, raw) = sealed(), found(b"caf\xe9 \xff/\xf0\x9f\x8f\x94.png")
    steps = (Step(kind=StepKind.MEMBER, name=text, name_bytes=raw),)
    facts = ItemFacts(
        name=text, name_bytes=raw, digests=object_.digests, salt="0c" * 16, chain=steps
    )
    new = msgspec.structs.replace(item(object_), facts=facts)
    desk.record(new)
    made = desk.documents.make(new.id, {Form.JSON}, "cli:bob")
    told = read(made.json).record.item.facts
    assert told.chain == steps
    assert exact(told.name, told.name_bytes) == b"caf\xe9 \xff/\xf0\x9f\x8f\x94.png"


def test_the_latest_time_stamp_is_in_the_record_with_its_proof(desk: Desk) -> None:
    new = item(sealed())
    desk.record(new)
    desk.sign()
    seen = desk.log.head().size
    desk.log.keep_token(seen, b"a token")
    record = desk.gathering.export(new.id, "json", "cli:bob", desk.sign)
    assert record.stamped is not None
    assert (record.stamped.size, record.stamped.token) == (seen, b"a token")
    data = document.sign(record, desk.key)
    (wrong,) = [
        one
        for one in check_document(data, desk.key.verifier).findings
        if one.result is Result.WRONG
    ]
    assert wrong.what == "time stamp"  # it is none; the earlier checkpoint itself is good
