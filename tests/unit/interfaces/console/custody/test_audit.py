"""The pages of the audit log: what happened in words, and what was altered said plainly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from tutela.evidence.audit.opening import open_signer
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.custody_tables import audit_leaves

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor

SUBJECT = "item-of-the-audit-page"


@pytest.fixture(scope="module")
def first(api: Api) -> int:
    """The first of 60 leaves, all signed but the last."""
    log = api.services.audit_log
    leaves = [
        NewLeaf(
            kind=AuditKind.HOLD,
            by="cli:auditor",
            subject=f"{SUBJECT}-{number % 2}",
            data={"reason": "a harmless <b>line</b>", "number": number, "again": number > 30},
        )
        for number in range(60)
    ]
    first = log.write(leaves[:59])
    open_signer(api.services.settings, log).sign_if_more()
    log.write(leaves[59:])
    return first


def rows(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<a href="/console/audit/(\d+)">', page)]


def test_the_latest_leaves_come_first(admin: Visitor, first: int) -> None:
    page = admin.get("/console/audit", by="cli:auditor")
    assert rows(page) == list(range(first + 59, first + 9, -1))
    assert "hold placed" in page
    assert "more are not signed yet" in page
    assert "1 d" not in page
    (older,) = re.findall(r'href="([^"]+)" rel="next"', page)
    before = older.replace("&amp;", "&").partition("before=")[2]
    rest = admin.get("/console/audit", by="cli:auditor", before=before)
    assert rows(rest) == list(range(first + 9, first - 1, -1))
    assert 'rel="next"' not in rest


def test_leaves_are_narrowed(admin: Visitor, first: int) -> None:
    page = admin.get("/console/audit", subject=f"{SUBJECT}-1", kind="hold")
    assert rows(page) == list(range(first + 59, first, -2))
    assert "There are no such leaves" in admin.get("/console/audit", by="nobody\0")
    assert rows(admin.get("/console/audit", kind="gossip", before="many"))


def test_a_leaf_is_shown_with_its_proof(admin: Visitor, first: int) -> None:
    page = admin.get(f"/console/audit/{first}")
    assert "signed by a checkpoint" in page
    assert "a harmless &lt;b&gt;line&lt;/b&gt;" in page
    assert "<b>line</b>" not in page
    last = admin.get(f"/console/audit/{first + 59}")
    assert "which no checkpoint signs yet" in last
    assert 'rel="next"' not in last or f"/console/audit/{first + 60}" in last


def test_a_leaf_that_was_altered_is_said_to_be(api: Api, admin: Visitor, first: int) -> None:
    columns = audit_leaves.c
    with api.services.database.write() as connection:
        row = connection.execute(select(audit_leaves).where(columns.number == first + 5)).one()
        spoilt = update(audit_leaves).where(columns.number == first + 5)
        connection.execute(spoilt.values(leaf="no leaf"))
    try:
        assert "cannot be read" in admin.get("/console/audit", before=str(first + 6))
        assert "somebody has altered it" in admin.get(f"/console/audit/{first + 5}")
        with api.services.database.write() as connection:
            connection.execute(delete(audit_leaves).where(columns.number == first + 5))
        assert "rows of the log are gone" in admin.get(f"/console/audit/{first + 4}")
    finally:
        with api.services.database.write() as connection:
            connection.execute(delete(audit_leaves).where(columns.number == first + 5))
            connection.execute(audit_leaves.insert().values(**row._mapping))


def test_an_auditor_may_see_it_and_a_curator_not(api: Api, visit: Visit, first: int) -> None:
    assert f"/console/audit/{first}" in visit("auditor").get("/console/audit/" + str(first + 1))
    for path in ("/console/audit", f"/console/audit/{first}"):
        with pytest.raises(AssertionError, match="403"):
            visit("curator").get(path)
    assert api.ask("GET", "/console/audit", role="").status == 303


def test_there_is_no_leaf_beyond(admin: Visitor) -> None:
    with pytest.raises(AssertionError, match="404"):
        admin.get("/console/audit/99999999999999999999999999")
