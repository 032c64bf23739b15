"""What is held to be so of all facts is so of those that are made of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model import (
    Actor,
    AgeBand,
    Content,
    Event,
    Gap,
    GapReason,
    History,
    Match,
    Origin,
    Silenced,
    Silencing,
)
from tutela.policy.engine.invariants import contradicted
from tutela.policy.facts import LISTED, Facts
from tutela.response.conclusion import verdict_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
counts = st.integers(0, 5)
gaps = st.lists(st.builds(Gap, reason=st.sampled_from(GapReason)), max_size=2).map(tuple)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    exact = draw(st.booleans())
    return Match(
        bank="b",
        bank_id=1,
        entry_id=1,
        kind="md5" if exact else "pdq",
        distance=0 if exact else draw(st.integers(0, 31)),
        exact=exact,
        list_version=1,
        trusted=draw(st.booleans()),
    )


silenced = st.builds(
    Silenced, match=matches(), reason=st.sampled_from(Silencing), detail=st.just("")
)
actors = st.builds(Actor, id=st.just("a"), age=st.sampled_from(AgeBand))
origins = st.builds(
    Origin,
    event_id=st.just("e"),
    received_at=st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days)),
    rescan=st.just(1),
)
events = st.builds(
    Event,
    id=st.just("e1"),
    digest=st.just("-"),
    received_at=st.just(NOW),
    actor=st.none() | actors,
    receivers=st.lists(actors, max_size=3).map(tuple),
    contents=st.lists(st.builds(Content, gaps=gaps), max_size=3).map(tuple),
    origin=st.none() | origins,
    history=st.none() | st.builds(History, events_30d=counts, blocks_30d=counts),
)


@settings(deadline=None)
@given(
    events,
    st.lists(matches(), max_size=3).map(tuple),
    gaps,
    st.lists(silenced, max_size=2).map(tuple),
)
def test_facts_of_events_contradict_nothing(
    event: Event, found: tuple[Match, ...], more: tuple[Gap, ...], out: tuple[Silenced, ...]
) -> None:
    whole = (*more, *(gap for content in event.contents for gap in content.gaps))
    facts = Facts.of(event, verdict_of(found, whole), found, whole, out)
    assert contradicted(facts) == ()


def test_what_is_cut_short_contradicts_nothing() -> None:
    contents = (Content(),) * (LISTED + 1)
    event = Event(id="e1", digest="-", received_at=NOW, contents=contents)
    facts = Facts.of(event, verdict_of((), ()), (), ())
    assert facts.content_count == LISTED + 1
    assert contradicted(facts) == ()
