"""Custody records of drills, to be set, signed and checked; a real tree is behind their proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tutela.evidence.audit import checkpoint
from tutela.evidence.audit.checkpoint import Statement
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody.record import DRILL_MARK, Covering, CustodyRecord, Stamped, Touch
from tutela.merkle import Edge, consistency_spans, inclusion_spans, leaf_hash
from tutela.model.custody.evidence import (
    EvidenceKind,
    Hold,
    Item,
    ItemFacts,
    ItemState,
    Step,
    StepKind,
    Term,
)
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact, Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.audit.log import encoded
from tutela.storage.evidence.leaves import hold_leaf, release_leaf
from tutela.storage.evidence.writing import committed

CONTENT = b"a harmless line"
FOUND = datetime(2026, 5, 3, 14, 5, 6, 123456, UTC)
ORIGIN = "tutela-0123456789abcdef0123456789abcdef"


def digests(content: bytes) -> dict[str, str]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


class Making:
    """Makes records, and what is behind them.

    Attributes:
        key: what signs.
    """

    def __init__(self, folder: Path) -> None:
        self.key = AuditKey.create(folder / "audit.key")
        self.content = CONTENT

    def item(self, **changes: Any) -> Item:  # noqa: ANN401 - members of an item
        item = Item(
            id="0f3c5f3e5d0a4c0a9a52",
            event_id="drill-event-1",
            case_id="case-1",
            kind=EvidenceKind.CONTENT,
            state=ItemState.KEPT,
            drill=True,
            created_at=FOUND + timedelta(seconds=1),
            detected_at=FOUND,
            term=Term(
                pack="us/2026-01-01",
                keep="1 year",
                bound=Bound.MINIMUM,
                after=Moment.REPORT,
                source="18 U.S.C. § 2258A(h)(1)",
            ),
            facts=ItemFacts(
                name="mountain.png",
                media_type="text/plain",
                size=len(CONTENT),
                digests=digests(CONTENT),
                salt="00112233445566778899aabbccddeeff",
                chain=(Step(kind=StepKind.UPLOAD, name="mountain.png", at=FOUND),),
                tools={"tutela": "0.1.0", "Pillow": "12.1.0"},
            ),
            object_id="a" * 32,
        )
        return msgspec.structs.replace(item, **changes)

    def named(self, name: str, name_bytes: str = "") -> CustodyRecord:
        facts = self.item().facts
        step = Step(kind=StepKind.UPLOAD, name=name, name_bytes=name_bytes)
        facts = msgspec.structs.replace(facts, name=name, name_bytes=name_bytes, chain=(step,))
        return self.record(self.item(facts=facts))

    def taken_in(self, item: Item) -> dict[str, Fact]:
        return {"event": item.event_id, "state": "kept", "content": committed(item.facts)}

    def leaves(self, item: Item, holds: Sequence[Hold] = ()) -> list[Leaf]:
        """Those of a short life: found, taken in, held, exported."""
        at = iter(FOUND + timedelta(seconds=second) for second in range(1000))
        made = [
            self.leaf(AuditKind.DECISION, item.event_id, next(at), {"digest": "d" * 64}),
            self.leaf(AuditKind.PRESERVE, item.id, next(at), self.taken_in(item)),
        ]
        for hold in holds:
            leaf = hold_leaf(hold)
            made.append(self.leaf(leaf.kind, leaf.subject, next(at), leaf.data, leaf.by))
            if hold.released_at is not None:
                leaf = release_leaf(hold)
                made.append(self.leaf(leaf.kind, leaf.subject, next(at), leaf.data, leaf.by))
        made.append(self.leaf(AuditKind.EXPORT, item.id, next(at), {"form": "pdf"}, "cli:auditor"))
        return made

    def leaf(
        self,
        kind: AuditKind,
        subject: str,
        at: datetime,
        data: Any = None,  # noqa: ANN401 - facts of a leaf
        by: str = PROGRAM,
    ) -> Leaf:
        return Leaf(index=0, at=at, kind=kind, by=by, subject=subject, data=data or {})

    def record(
        self,
        item: Item | None = None,
        holds: Sequence[Hold] = (),
        leaves: Sequence[Leaf] | None = None,
    ) -> CustodyRecord:
        """A record; its leaves stand among others in a log."""
        item = item or self.item()
        own = self.leaves(item, holds) if leaves is None else leaves
        log = _among_others(own)
        texts = [encoded(leaf) for leaf in log]
        hashes = [leaf_hash(text) for text in texts]
        return CustodyRecord(
            drill=DRILL_MARK if item.drill else "",
            program="tutela 0.1.0",
            made_at=FOUND + timedelta(days=30),
            made_by="cli:auditor",
            item=item,
            holds=tuple(holds),
            touches=tuple(
                Touch(leaf=leaf, text=text.decode(), proof=_proof(leaf.index, hashes))
                for leaf, text in zip(log, texts, strict=True)
                if leaf.subject != "start"
            ),
            checkpoint=self.covering(hashes),
        )

    def earlier(self, record: CustodyRecord, size: int) -> Stamped:
        """An earlier checkpoint of the log behind a record, with no time stamp yet."""
        log = _among_others([touch.leaf for touch in record.touches])
        hashes = [leaf_hash(encoded(leaf)) for leaf in log]
        before = self.covering(hashes[:size])
        proof = [hashes[span.start : span.stop] for span in consistency_spans(size, len(hashes))]
        return Stamped(
            size=size,
            note=before.note,
            token=b"",
            proof=tuple(_root(some).hex() for some in proof),
        )

    def covering(self, hashes: Sequence[bytes]) -> Covering:
        said = Statement(origin=ORIGIN, size=len(hashes), root=_root(hashes))
        return Covering(size=len(hashes), note=checkpoint.make(said, self.key))

    def hold(self, number: int = 1, reason: str = "a court asked", **changes: Any) -> Hold:  # noqa: ANN401
        hold = Hold(
            id=number,
            item_id=self.item().id,
            reason=reason,
            authority="Furniture Office, ref. 12/34",
            placed_at=FOUND + timedelta(days=2),
            placed_by="session:7",
        )
        return msgspec.structs.replace(hold, **changes)


def _among_others(own: Sequence[Leaf]) -> list[Leaf]:
    log: list[Leaf] = []
    for leaf in own:
        for one in (
            Leaf(index=0, at=leaf.at, kind=AuditKind.START, by=PROGRAM, subject="start"),
            leaf,
        ):
            log.append(msgspec.structs.replace(one, index=len(log)))
    return log


def _root(hashes: Sequence[bytes]) -> bytes:
    edge = Edge()
    for one in hashes:
        edge.append(one)
    return edge.root()


def _proof(index: int, hashes: Sequence[bytes]) -> tuple[str, ...]:
    spans = inclusion_spans(index, len(hashes))
    return tuple(_root(hashes[span.start : span.stop]).hex() for span in spans)


@pytest.fixture(scope="session")
def making(tmp_path_factory: pytest.TempPathFactory) -> Making:
    return Making(tmp_path_factory.mktemp("audit"))
