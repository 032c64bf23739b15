"""The parts of a running conversation as records of its state, and back."""

from __future__ import annotations

from tutela.detection.conversation.evidence.people import Person
from tutela.detection.conversation.evidence.side import Pool, Side
from tutela.detection.conversation.evidence.state import (
    GroundState,
    PersonState,
    PoolState,
    SideState,
)
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import Ground, Stage


def person_state(person: Person) -> PersonState:
    """A person as a record."""
    return PersonState(
        id=person.id,
        band=person.band.value,
        source=person.source.value,
        years=person.years,
        told_young=person.told_young,
        told_older=person.told_older,
        wrote=person.wrote,
    )


def person(state: PersonState) -> Person:
    """The person of a record.

    Raises:
        ValueError: it names a band or a source that there is not.
    """
    found = Person(
        Participant(
            id=state.id,
            age=state.years,
            age_band=AgeBand(state.band),
            age_source=AgeSource(state.source),
        )
    )
    found.told_young, found.told_older = state.told_young, state.told_older
    found.wrote = state.wrote
    return found


def side_state(author: str, side: Side) -> SideState:
    """All evidence of one author as a record."""
    pools = tuple(
        PoolState(
            cue=cue,
            points=pool.points,
            messages=pool.messages,
            days=pool.days,
            half_messages=pool.half_messages,
            half_days=pool.half_days,
            hard=pool.hard,
            share=pool.share,
        )
        for cue, pool in side.pools.items()
    )
    return SideState(author=author, credit=side.credit, pools=pools)


def side(state: SideState) -> Side:
    """The evidence of a record."""
    found = Side()
    found.credit = state.credit
    for one in state.pools:
        pool = Pool(one.half_messages, one.half_days, hard=one.hard)
        pool.points, pool.share = one.points, one.share
        pool.messages, pool.days = one.messages, one.days
        found.pools[one.cue] = pool
    return found


def ground_state(ground: Ground) -> GroundState:
    """A ground as a record."""
    return GroundState(
        message=ground.message,
        author=ground.author,
        cue=ground.cue,
        points=ground.points,
        stage="" if ground.stage is None else ground.stage.value,
        start=ground.start,
        end=ground.end,
    )


def ground(state: GroundState) -> Ground:
    """The ground of a record.

    Raises:
        ValueError: it names a stage that there is not.
    """
    return Ground(
        message=state.message,
        author=state.author,
        cue=state.cue,
        points=state.points,
        stage=Stage(state.stage) if state.stage else None,
        start=state.start,
        end=state.end,
    )
