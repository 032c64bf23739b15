from __future__ import annotations

import msgspec

from tutela.model import Decision, Outcome, Reason, Verdict
from tutela.model.custody.evidence import EvidenceKind, ItemState, Kept

OLD = (
    b'{"event_id":"e","verdict":"match","received_at":"2026-11-22T10:30:00Z","drill":true,'
    b'"list_version":1,"matches":[],"gaps":[],"decision":{"policy_version":"p","actions":[],'
    b'"reasons":[{"rule":"r","text":"Because."}],"orders":[]},"case_id":null,"silenced":[],'
    b'"law":null}'
)
"""As releases before evidence was kept have stored it."""


def test_an_outcome_of_before_evidence_was_kept_is_read() -> None:
    outcome = msgspec.json.decode(OLD, type=Outcome)
    assert outcome.evidence == ()


def test_an_outcome_tells_what_is_kept() -> None:
    kept = Kept(id="item-1", kind=EvidenceKind.CONTENT, state=ItemState.OWED)
    reason = Reason(rule="r", text="Because.")
    outcome = msgspec.structs.replace(
        msgspec.json.decode(OLD, type=Outcome),
        verdict=Verdict.MATCH,
        decision=Decision(policy_version="p", actions=(), reasons=(reason,)),
        evidence=(kept,),
    )
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome
