from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.finding import Finding

from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import AuditLog

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit, Visitor


@pytest.fixture
def find(api: Api) -> Finding:
    return Finding(api)


def test_evidence_is_listed(admin: Visitor, find: Finding) -> None:
    found = find()
    page = admin.get("/console/evidence", event=found.event_id)
    assert f"/console/evidence/{found.content}" in page
    assert f"/console/evidence/{found.user_data}" in page
    only = admin.get("/console/evidence", event=found.event_id, kind="content", state="kept")
    assert found.user_data not in only
    assert "There is none." in admin.get("/console/evidence", event=found.event_id, held="yes")
    assert admin.get("/console/evidence", state="lost", kind="none", event="")


def test_the_custody_of_an_item_is_shown(visit: Visit, find: Finding) -> None:
    found = find()
    page = visit("auditor").get(f"/console/evidence/{found.content}")
    for text in ("line.txt", "1 year", "regulation 8", "no report is recorded", "SHA256"):
        assert text in page, text
    for text in ("Handed in", "taken in, or owed", "cryptography", "None was ever placed."):
        assert text in page, text
    assert found.data.decode()[:20] not in page
    assert "Place a hold" not in page


def test_a_case_shows_what_is_kept_of_it(visit: Visit, find: Finding) -> None:
    found = find()
    page = visit("reviewer").get(f"/console/cases/{found.case_id}")
    assert f"/console/evidence/{found.content}" in page
    assert "line.txt" in page


def test_holds_are_placed_and_lifted(api: Api, admin: Visitor, find: Finding) -> None:
    found = find()
    path = f"/console/evidence/{found.content}"
    reason = "asked by <b>letter</b>\u202e"
    done = admin.post(f"{path}/hold", reason=reason, authority="a court, 7/2026")
    assert (done.status, done.headers["location"]) == (303, f"{path}#holds")
    page = admin.get(path)
    assert "asked by &lt;b&gt;letter&lt;/b&gt;\\u202e" in page
    assert "a court, 7/2026" in page
    (hold,) = api.services.custody.items.holds(found.content)
    assert hold.reason == reason
    assert found.content in admin.get("/console/evidence", held="yes")
    assert admin.post(f"{path}/release/{hold.id}", reason="done").status == 303
    again = admin.post(f"{path}/release/{hold.id}", reason="done")
    assert (again.status, "lifted before" in again.body.decode()) == (400, True)
    kinds = [one.leaf.kind for one in AuditLog(api.services.database).about([found.content])]
    assert kinds == [AuditKind.PRESERVE, AuditKind.HOLD, AuditKind.RELEASE]


def test_touches_lead_to_their_proofs_where_the_log_may_be_read(
    api: Api, visit: Visit, find: Finding
) -> None:
    found = find()
    (touch,) = AuditLog(api.services.database).about([found.content])
    path, proof = f"/console/evidence/{found.content}", f'href="/console/audit/{touch.index}"'
    assert proof in visit("auditor").get(path)
    assert proof not in visit("reviewer").get(path)


def test_forms_that_say_nothing_are_refused(api: Api, admin: Visitor, find: Finding) -> None:
    found = find()
    path = f"/console/evidence/{found.content}/hold"
    for reason in ("", "  ", "a" * 501):
        refused = admin.post(path, reason=reason)
        assert refused.status == 400
        assert "a reason has 1 to 500 letters" in html.unescape(refused.body.decode())
    assert admin.post(path, csrf="wrong", reason="why").status == 403
    assert admin.post("/console/evidence/item-none/hold", reason="why").status == 404
    assert api.services.custody.items.holds(found.content) == []


def test_what_is_destroyed_is_shown_as_such(api: Api, admin: Visitor, find: Finding) -> None:
    found = find()
    items = api.services.custody.items
    item = items.get(found.content)
    assert item.expires_at is not None
    items.destroy(item.id, "tutela", item.expires_at)
    page = admin.get(f"/console/evidence/{item.id}")
    assert "destroyed: the key of the bytes no longer exists" in page
    assert item.facts.digests["sha256"] not in page
    assert "Place a hold" not in page


def test_who_may_not_read_evidence_sees_none(visit: Visit, find: Finding) -> None:
    found = find()
    curator = visit("curator")
    assert "/console/evidence" not in curator.get("/console/banks")
    with pytest.raises(AssertionError, match="403"):
        curator.get(f"/console/evidence/{found.content}")
    assert (
        visit("reviewer").post(f"/console/evidence/{found.content}/hold", reason="why").status
        == 403
    )
