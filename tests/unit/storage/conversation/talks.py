"""A conversation and what was raised of it, as the tests of their tables store them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import structs

from tutela.model import Actor, AgeBand
from tutela.model.actor import AccountSignals
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import (
    Band,
    ConversationRating,
    Ground,
    Lane,
    Stage,
    StageMark,
)
from tutela.storage.conversation.standing import Alert, AlertFacts, Key, Reached, Standing, Step

AT = datetime(2026, 11, 30, 12, 0, 0, 7, tzinfo=UTC)
TALK, DRILL, LEA = Key("talk 1", drill=False), Key("talk 1", drill=True), Key("lea", drill=False)


def standing(key: Key = TALK, **changed: object) -> Standing:
    whole = Standing(
        id=key.id,
        drill=key.drill,
        started_at=AT,
        touched_at=AT,
        surface="chat",
        region="GB",
        language="en",
        messages=12,
        numbers=((1, 11), (2**53, 2**53)),
        people=(Participant(id="lea", age=14), Participant(id="kim\u202e", age_band=AgeBand.ADULT)),
        peak=41,
        steps=(Step(peak=12, turn=3, at=AT), Step(peak=41, turn=12, at=AT)),
        lanes=(Lane.MEETING,),
        model="cues 1",
        state=b"\x00\xff",
    )
    return structs.replace(whole, **changed)


def alert(number: int = 1, key: Key = TALK, **changed: object) -> Alert:
    whole = Alert(
        event_id=f"e{number}",
        conversation=key.id,
        drill=key.drill,
        at=AT + timedelta(seconds=number),
        peak=41,
        turn=12,
        rating=ConversationRating(
            conversation_id=key.id,
            value=4.1,
            peak=4.1,
            band=Band.RAISED,
            stages=(StageMark(stage=Stage.ISOLATION, first=3, messages=2),),
            reasons=(Ground(message=3, author="kim", cue="secrecy", points=1.25),),
        ),
        facts=AlertFacts(
            surface="chat", actor=Actor(id="kim"), account=AccountSignals(minors_contacted_7d=3)
        ),
    )
    return structs.replace(whole, **changed)


def reached(day: int, peak: int, turns: int, *, drill: bool = False) -> Reached:
    return Reached(day=day, drill=drill, peak=peak, turns=turns)
