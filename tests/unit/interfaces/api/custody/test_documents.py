from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.storage.conftest import Made
from tests.unit.storage.evidence.conftest import item, sealed

from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody.check import Result, check_document
from tutela.evidence.custody.record import CustodyRecord
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.audit.reading import AuditLog

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture
def item_id(api: Api) -> str:
    """An item of a drill."""
    new = item(sealed())
    made = Made(f"event of {new.id}", matched=True)
    api.services.journal.record(made.event, made.outcome, made.case, items=[new]).result(30)
    return new.id


def leaves(api: Api, item_id: str) -> list[Leaf]:
    return [one.leaf for one in AuditLog(api.services.database).about([item_id])]


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_an_export_is_signed_and_in_the_log(api: Api, item_id: str, form: str) -> None:
    answer = api.get(f"/v1/evidence/{item_id}/custody.{form}", role="auditor")
    assert answer.status == 200
    assert answer.headers["content-type"] == f"application/{form}"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="custody-{item_id}.{form}"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.body)
    key = AuditKey.open(api.services.settings.audit_key_file)
    findings = check_document(answer.body, key.verifier, BytesIO(b"a harmless line"))
    wrong = [one for one in findings.findings if one.result is Result.WRONG]
    # The item of this test has a made-up size in its facts.
    assert [one.detail for one in wrong] == ["their size is another"]
    last = leaves(api, item_id)[-1]
    assert (last.kind, last.data["form"]) == (AuditKind.EXPORT, form)
    assert last.by.startswith("key:")


def test_custody_is_read_without_a_signature_and_without_a_leaf(api: Api, item_id: str) -> None:
    before = leaves(api, item_id)
    answer = api.get(f"/v1/evidence/{item_id}/custody", role="reviewer")
    record = msgspec.json.decode(answer.body, type=CustodyRecord)
    assert record.item.id == item_id
    assert [touch.leaf.kind for touch in record.touches] == [
        AuditKind.DECISION,
        AuditKind.PRESERVE,
    ]
    assert record.checkpoint is None
    assert leaves(api, item_id) == before


def test_a_reviewer_reads_and_does_not_export(api: Api, item_id: str) -> None:
    before = leaves(api, item_id)
    for form in ("pdf", "json"):
        assert api.get(f"/v1/evidence/{item_id}/custody.{form}", role="reviewer").status == 403
    assert leaves(api, item_id) == before


def test_what_is_not_there_is_not_found(api: Api) -> None:
    for path in ("custody", "custody.pdf", "custody.json"):
        assert api.get(f"/v1/evidence/item-none/{path}").status == 404
