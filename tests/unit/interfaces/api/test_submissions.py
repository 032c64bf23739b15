"""What is handed in becomes a submission; its digest tells whether it is the same event."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import InvalidInput
from tutela.interfaces.api.submissions import EventFacts, FlatFacts, of_media, unfolded
from tutela.interfaces.web.bodies import Room, Spool, memory_file
from tutela.model import AccountSignals, Actor, AgeBand, AgeSource, EventKind, Rating

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

DOCS = Path(__file__).parents[4] / "docs"
ADULT = Actor(id="u1", age=AgeBand.ADULT, age_source=AgeSource.VERIFIED)
RATING = Rating(name="grooming", value=8)

BARE = "e0d696ae2ba294bdfa202e4b11fc6319c049d61626faaef43ac6757d8f11497f"
FULL = "f331a3d74b51fc035d14318f4591c228f854d51710fffb3db2f47a8957ab3a2e"
SIGNALS = "a1b5834586d1ac2d72f8cd1c1e472396dda94a961dee9bea0fff66625937293a"
"""Digests that the version before facts about people gave to the same requests."""

MORE: tuple[EventFacts, ...] = (
    EventFacts(),
    EventFacts(kind=EventKind.MESSAGE),
    EventFacts(kind=EventKind.STREAM),
    EventFacts(actor=Actor(id="u1")),
    EventFacts(actor=ADULT),
    EventFacts(actor=Actor(id="u1", age=AgeBand.ADULT)),
    EventFacts(receivers=(Actor(id="u1"),)),
    EventFacts(receivers=(Actor(id="u1"), Actor(id="u2"))),
    EventFacts(receivers=(Actor(id="u2"), Actor(id="u1"))),
    EventFacts(receivers=(ADULT,)),
    EventFacts(conversation="c1"),
    EventFacts(ratings=(RATING,)),
    EventFacts(ratings=(RATING, RATING)),
    EventFacts(ratings=(Rating(name="grooming", value=8, probability=0),)),
    EventFacts(ratings=(Rating(name="grooming", value=8, model="m"),)),
    EventFacts(account=AccountSignals()),
    EventFacts(account=AccountSignals(age_days=0)),
    EventFacts(account=AccountSignals(reports_30d=0)),
)


def digest_of(facts: EventFacts) -> str:
    with Spool(memory_file, Room(1000)) as spool:
        spool.write(b"some text")
        return of_media(facts, spool).digest


def test_an_event_that_tells_nothing_new_has_the_digest_that_it_always_had(api: Api) -> None:
    """So that an event which is sent again after an upgrade is no conflict."""
    actor = Actor(id="u1", age=AgeBand.UNKNOWN, age_source=AgeSource.NOT_TOLD)
    full = EventFacts(surface="forum", region="DE", actor=actor, drill=True)
    assert (digest_of(EventFacts()), digest_of(full)) == (BARE, FULL)
    document = {"event_id": "old", "surface": "ü", "signals": [{"kind": "md5", "value": "00" * 16}]}
    api.post("/v1/check", document, role="uploader")
    assert api.get("/v1/events/old").json["event"]["digest"] == SIGNALS


def test_every_fact_makes_another_digest() -> None:
    digests = [digest_of(facts) for facts in MORE]
    assert len(set(digests)) == len(MORE)
    assert digests == [digest_of(facts) for facts in MORE]


def test_a_form_says_the_same_as_json() -> None:
    flat = {
        "event_id": "e1",
        "kind": "message",
        "surface": "chat",
        "region": "DE",
        "actor": "u1",
        "actor_age": "adult",
        "actor_age_source": "verified",
        "receiver": "u2",
        "receiver_age": "from_13_to_15",
        "conversation": "c1",
        "drill": "true",
    }
    facts = unfolded(msgspec.convert(flat, FlatFacts, strict=False))
    assert facts == EventFacts(
        event_id="e1",
        kind=EventKind.MESSAGE,
        surface="chat",
        region="DE",
        actor=ADULT,
        receivers=(Actor(id="u2", age=AgeBand.FROM_13_TO_15),),
        conversation="c1",
        drill=True,
    )


@pytest.mark.parametrize("field", ["actor", "receiver"])
@pytest.mark.parametrize("told", [{"age": "adult"}, {"age_source": "declared"}])
def test_an_age_of_nobody_is_refused(field: str, told: dict[str, str]) -> None:
    flat = {f"{field}_{name}": value for name, value in told.items()}
    with pytest.raises(InvalidInput, match=f"{field}_age: an age is told of nobody"):
        unfolded(msgspec.convert(flat, FlatFacts, strict=False))


def test_what_the_manual_shows_can_be_sent(api: Api) -> None:
    text = (DOCS / "how-to/tell-about-people.md").read_text()
    shown = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    for block in shown:
        answer = api.ask("POST", "/v1/check", block.encode(), kind="application/json")
        assert answer.status == 200
        assert [gap["reason"] for gap in answer.json["gaps"]] == ["no_content"]
