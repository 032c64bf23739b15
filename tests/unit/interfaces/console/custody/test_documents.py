from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.finding import Finding

from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody.check import Result, check_document
from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import AuditLog

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit


@pytest.fixture
def find(api: Api) -> Finding:
    return Finding(api)


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_an_auditor_exports_with_a_button(api: Api, visit: Visit, find: Finding, form: str) -> None:
    found, auditor = find(), visit("auditor")
    path = f"/console/evidence/{found.content}"
    assert f'name="form" value="{form}"' in auditor.get(path)
    answer = auditor.post(f"{path}/export", form=form)
    assert (answer.status, answer.headers["content-type"]) == (200, f"application/{form}")
    key = AuditKey.open(api.services.settings.audit_key_file)
    findings = check_document(answer.body, key.verifier, BytesIO(found.data))
    assert findings.result is Result.GOOD, findings
    (export,) = AuditLog(api.services.database).page(kind=AuditKind.EXPORT, limit=1)
    assert (export.leaf.subject, export.leaf.data["form"]) == (found.content, form)
    assert export.leaf.by.startswith("session:")


def test_without_permission_token_or_form_nothing_leaves(
    api: Api, visit: Visit, find: Finding
) -> None:
    found, log = find(), AuditLog(api.services.database)
    path, size = f"/console/evidence/{found.content}", log.head().size
    assert "Export as PDF" not in visit("reviewer").get(path)
    assert visit("reviewer").post(f"{path}/export", form="pdf").status == 403
    assert visit("auditor").post(f"{path}/export", form="pdf", csrf="x").status == 403
    assert visit("auditor").post(f"{path}/export", form="exe").status == 400
    assert visit("auditor").post("/console/evidence/item-none/export", form="pdf").status == 404
    exports = log.page(kind=AuditKind.EXPORT, limit=5)
    assert [one for one in exports if one.index >= size] == []
