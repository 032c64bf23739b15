"""Matches that come in through the API, as in life, and what is kept of them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from typing import TYPE_CHECKING, NamedTuple

from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Content,
    Decision,
    Event,
    Outcome,
    Reason,
    Signal,
    Verdict,
)
from tutela.response.conclusion import Conclusion
from tutela.response.recording import Recording
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

    from tutela.interfaces.services import Services

NUMBERS = itertools.count()


class Found(NamedTuple):
    """A match that was checked: its event and case, the bytes, and the ids of its items."""

    event_id: str
    case_id: str
    data: bytes
    content: str
    user_data: str


def keep(services: Services, *, given: bool = True, picture: bytes = b"") -> Found:
    """Keep some text as evidence of an event of its own, whatever the policy in force says.

    A picture, where there is one, is kept in place of the text and has a case.
    """
    number = next(NUMBERS)
    event_id, data = f"evidence-{number}", f"a harmless line, number {number}".encode()
    data, case_id = picture or data, f"case-of-{event_id}" if picture else None
    sha256 = Signal(kind="sha256", value=hashlib.sha256(data).hexdigest())
    event = Event(
        id=event_id,
        digest=event_id,
        received_at=now(),
        actor=Actor(id="actor 7"),
        drill=True,
        contents=(Content(size=len(data), signals=(sha256,)),),
    )
    reason = Reason(rule="r", text="Because.")
    decision = Decision(policy_version="p", actions=(ActionKind.PRESERVE,), reasons=(reason,))
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.MATCH,
        received_at=event.received_at,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
        case_id=case_id,
    )
    case = Case(id=case_id, event_id=event_id, opened_at=now(), drill=True) if case_id else None
    recording = Recording(services.journal, services.custody.preservation)
    conclusion = Conclusion(event, outcome, case, (), None)
    stored = asyncio.run(recording.record(data if given else None, conclusion))
    return Found(event_id, case_id or "", data, *(one.id for one in stored.evidence))


class Finding:
    """Checks texts that a bank lists: `find(given=True, region="GB")`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, *, given: bool = True, region: str = "GB") -> Found:
        number = next(NUMBERS)
        data = f"a harmless line, number {number}".encode() * 50
        sha256 = hashlib.sha256(data).hexdigest()
        self._list(sha256)
        event_id = f"evidence-{number}"
        facts = {"event_id": event_id, "region": region, "actor": "actor 7", "drill": "true"}
        if given:
            query = facts | {"name": "line.txt"}
            answer = self._api.ask("POST", "/v1/check", data, query=query, kind="text/plain")
        else:
            document = facts | {"actor": {"id": "actor 7"}, "drill": True}
            signals = [{"kind": "sha256", "value": sha256}]
            answer = self._api.post("/v1/check", document | {"signals": signals})
        assert (answer.status, answer.json["verdict"]) == (200, "match"), answer.body
        items = [one["id"] for one in answer.json["evidence"]]
        return Found(event_id, answer.json["case_id"], data, *items)

    def _list(self, sha256: str) -> None:
        if self._api.get("/v1/banks/lines").status == 404:
            bank = {"name": "lines", "trusted": True, "drill": True, "source": "a test"}
            assert self._api.post("/v1/banks", bank).status == 201
        entry = {"signals": [{"kind": "sha256", "value": sha256}]}
        assert self._api.post("/v1/banks/lines/entries", {"entries": [entry]}).status == 201
