"""`/v1/audit`: what it gives is enough to verify the log from afar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tutela.evidence.audit.checkpoint import verify
from tutela.evidence.audit.opening import open_signer
from tutela.evidence.audit.signing import Verifier
from tutela.merkle import leaf_hash, verify_consistency, verify_inclusion
from tutela.model.custody.leaf import AuditKind, NewLeaf

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

SUBJECT = "item-of-the-audit-tests"


@pytest.fixture(scope="module", autouse=True)
def leaves(api: Api) -> int:
    """Write a few leaves and sign them; the index of the first."""
    log = api.services.audit_log
    first = log.write(
        [
            NewLeaf(kind=kind, by="cli:auditor", subject=SUBJECT, data={"number": number})
            for number, kind in enumerate([AuditKind.HOLD, AuditKind.LOOK, AuditKind.RELEASE])
        ]
    )
    open_signer(api.services.settings, log).sign_if_more()
    return first


def test_the_end_of_the_log(api: Api) -> None:
    found = api.get("/v1/audit", role="auditor").json
    head = api.services.audit_log.head()
    assert found["origin"] == head.origin
    assert found["root"] == api.services.audit_log.root(found["size"]).hex()


def test_leaves_come_in_pages(api: Api, leaves: int) -> None:
    page = api.get("/v1/audit/leaves", subject=SUBJECT, limit="2", role="auditor").json
    assert [one["index"] for one in page["leaves"]] == [leaves + 2, leaves + 1]
    rest = api.get("/v1/audit/leaves", subject=SUBJECT, limit="2", before=str(page["next"])).json
    assert ([one["index"] for one in rest["leaves"]], rest["next"]) == ([leaves], None)
    looks = api.get("/v1/audit/leaves", kind="look", by="cli:auditor").json["leaves"]
    assert [one["leaf"]["subject"] for one in looks] == [SUBJECT]


def test_a_leaf_and_its_proof(api: Api, leaves: int) -> None:
    leaf = api.get(f"/v1/audit/leaves/{leaves}", role="auditor").json
    assert leaf["hash"] == leaf_hash(leaf["text"].encode()).hex()
    assert leaf["leaf"]["data"] == {"number": 0}
    found = api.get(f"/v1/audit/leaves/{leaves}/proof", role="auditor").json
    key = api.get("/v1/audit/key", role="auditor").json
    statement = verify(found["checkpoint"], Verifier.from_pem(key["pem"]))
    proof = [bytes.fromhex(one) for one in found["proof"]]
    digest = bytes.fromhex(leaf["hash"])
    assert verify_inclusion(digest, leaves, found["size"], proof, statement.root)
    assert Verifier.from_pem(key["pem"]).fingerprint == key["fingerprint"]


def test_a_consistency_proof(api: Api, leaves: int) -> None:
    found = api.get("/v1/audit/consistency", first=str(leaves), role="auditor").json
    old, new = bytes.fromhex(found["first_root"]), bytes.fromhex(found["second_root"])
    proof = [bytes.fromhex(one) for one in found["proof"]]
    assert verify_consistency(leaves, found["second"], proof, old, new)
    again = api.get("/v1/audit/consistency", first="1", second="2").json
    assert again["second"] == 2


def test_checkpoints(api: Api) -> None:
    page = api.get("/v1/audit/checkpoints", limit="1", role="auditor").json
    assert page["checkpoints"] == [api.get("/v1/audit/checkpoint", role="auditor").json]
    older = api.get("/v1/audit/checkpoints", before=str(page["checkpoints"][0]["size"])).json
    assert page["checkpoints"][0] not in older["checkpoints"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/v1/audit/leaves/99999999", {}, 404),
        ("/v1/audit/leaves/99999999999999999999999", {}, 404),
        ("/v1/audit/leaves/99999999/proof", {}, 404),
        ("/v1/audit/leaves/0/proof", {"size": "99999999"}, 400),
        ("/v1/audit/leaves/0/proof", {"size": "0"}, 400),
        ("/v1/audit/leaves", {"kind": "gossip"}, 400),
        ("/v1/audit/leaves", {"limit": "501"}, 400),
        ("/v1/audit/consistency", {}, 400),
        ("/v1/audit/consistency", {"first": "3", "second": "2"}, 400),
        ("/v1/audit/consistency", {"first": "1", "second": "99999999"}, 400),
    ],
)
def test_what_is_not_there(api: Api, path: str, query: dict[str, str], status: int) -> None:
    assert api.get(path, **query).status == status


@pytest.mark.parametrize("role", ["uploader", "curator", "reviewer"])
def test_who_checks_nothing_reads_nothing(api: Api, role: str) -> None:
    for path in ("", "/leaves", "/leaves/0", "/leaves/0/proof", "/checkpoint", "/key"):
        assert api.get(f"/v1/audit{path}", role=role).status == 403
