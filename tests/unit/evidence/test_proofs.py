"""A proof as it is handed on names the checkpoint that signs it, if there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tutela.errors import InvalidInput, NotFound
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.witness import Witness
from tutela.evidence.proofs import consistency, inclusion
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.reading import AuditLog, Checkpoint
from tutela.storage.database import Database


@pytest.fixture
def log(database: Database) -> AuditLog:
    log = AuditLog(database)
    log.write([NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject=str(n)) for n in range(5)])
    return log


def test_without_a_checkpoint_all_leaves_are_the_tree(log: AuditLog) -> None:
    found = inclusion(log, 2)
    assert (found.size, found.checkpoint) == (5, "")
    assert found.root == log.head().root.hex()


def test_the_last_checkpoint_that_has_the_leaf_is_named(log: AuditLog, tmp_path: Path) -> None:
    signer = Signer(log, AuditKey.create(tmp_path / "key"), Witness(tmp_path / "witness"))
    signed = signer.sign_if_more()
    assert signed is not None
    log.write([NewLeaf(kind=AuditKind.HOLD, by="cli:root", subject="more")])
    assert inclusion(log, 2).checkpoint == signed.note
    assert (inclusion(log, 5).size, inclusion(log, 5).checkpoint) == (6, "")
    assert (inclusion(log, 2, 3).size, inclusion(log, 2, 3).checkpoint) == (3, "")
    assert consistency(log, 5).second == 6
    assert consistency(log, 2, 4).second_root == log.root(4).hex()


def test_a_checkpoint_of_another_root_is_not_named(log: AuditLog) -> None:
    root = "A" * 43 + "="
    note = f"tutela-0123456789abcdef\n5\n{root}\n\n— tutela-0123456789abcdef {'A' * 92}\n"
    log.keep_checkpoint(Checkpoint(size=5, at=datetime.now(UTC), note=note))
    assert inclusion(log, 2).checkpoint == ""


def test_what_is_not_there_is_not_proven(log: AuditLog) -> None:
    with pytest.raises(NotFound):
        inclusion(log, 5)
    with pytest.raises(InvalidInput):
        inclusion(log, 2, 6)
    with pytest.raises(InvalidInput):
        consistency(log, 3, 2)
