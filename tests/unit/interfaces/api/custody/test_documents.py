from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.interfaces.finding import Finding

from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody.check import Result, check_document
from tutela.evidence.custody.record import CustodyRecord
from tutela.model.custody.leaf import AuditKind, Leaf

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

Leaves = Callable[[str], list[Leaf]]


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_an_export_is_signed_and_in_the_log(
    api: Api, find: Finding, leaves: Leaves, form: str
) -> None:
    found = find()
    item_id = found.content
    answer = api.get(f"/v1/evidence/{item_id}/custody.{form}", role="auditor")
    assert answer.status == 200
    assert answer.headers["content-type"] == f"application/{form}"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="custody-{item_id}.{form}"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.body)
    key = AuditKey.open(api.services.settings.audit_key_file)
    findings = check_document(answer.body, key.verifier, BytesIO(found.data))
    assert findings.result is Result.GOOD, findings
    last = leaves(item_id)[-1]
    assert (last.kind, last.data["form"]) == (AuditKind.EXPORT, form)
    assert last.by.startswith("key:")


def test_custody_is_read_without_a_signature_and_without_a_leaf(
    api: Api, find: Finding, leaves: Leaves
) -> None:
    item_id = find().content
    before = leaves(item_id)
    answer = api.get(f"/v1/evidence/{item_id}/custody", role="reviewer")
    record = msgspec.json.decode(answer.body, type=CustodyRecord)
    assert record.item.id == item_id
    assert [touch.leaf.kind for touch in record.touches] == [
        AuditKind.DECISION,
        AuditKind.PRESERVE,
    ]
    assert record.checkpoint is None
    assert leaves(item_id) == before


def test_a_reviewer_reads_and_does_not_export(api: Api, find: Finding, leaves: Leaves) -> None:
    item_id = find().content
    before = leaves(item_id)
    for form in ("pdf", "json"):
        assert api.get(f"/v1/evidence/{item_id}/custody.{form}", role="reviewer").status == 403
    assert leaves(item_id) == before


def test_what_is_not_there_is_not_found(api: Api) -> None:
    for path in ("custody", "custody.pdf", "custody.json"):
        assert api.get(f"/v1/evidence/item-none/{path}").status == 404
