"""What an event tells of people, from the submission to what is stored, and back to the facts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tutela.app import open_services
from tutela.drill.photographs import listed, unrelated
from tutela.errors import NotFound, Unavailable
from tutela.interfaces.services import Services
from tutela.model import ActionKind, GapReason, History, NewEntry, Outcome, Verdict
from tutela.pipeline import Pipeline, Submission
from tutela.policy.current import InForce
from tutela.policy.facts import Facts
from tutela.policy.policy import Policy
from tutela.response.recording import Recording
from tutela.settings import Settings
from tutela.storage.database import Database
from tutela.storage.past.history import Histories
from tutela.telemetry import make_logger

KNOWN, UNKNOWN = listed()[0].data, unrelated()[0].data
CHILD: dict[str, Any] = {"id": "u2", "age": "from_13_to_15", "age_source": "declared"}
MESSAGE: dict[str, Any] = {
    "kind": "message",
    "surface": "chat",
    "region": "DE",
    "actor": {"id": "u1", "age": "adult", "age_source": "verified"},
    "receivers": [CHILD],
    "conversation": "c1",
    "ratings": [{"name": "grooming", "value": 1.5}],
    "account": {"age_days": 3},
}
BLIND = Policy.load(
    "policy: blind\nowner: tests\nrules:\n"
    "  - {name: all, when: true, actions: [allow], reason: Always.}\n",
    "blind.yaml",
)
CURIOUS = Policy.load(
    "policy: curious\nowner: tests\nrules:\n  - name: all\n    when: history.events_1d >= 0\n"
    "    actions: [allow]\n    reason: Always.\n",
    "curious.yaml",
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    env = {
        "TUTELA_DATA_FOLDER": str(tmp_path_factory.mktemp("data")),
        "TUTELA_DECODER_CHILDREN": "1",
    }
    log = make_logger("error", as_json=False, stream=sys.stderr)
    with open_services(Settings.load(None, env), log) as opened:
        opened.banks.create("lake", trusted=True, drill=True, source="a test")
        contents = opened.decoder.submit(KNOWN).result()
        opened.entries.add("lake", [NewEntry(label="a lake", signals=contents[0].signals)])
        opened.sync.refresh()
        yield opened


def pipeline_of(
    services: Services, policy: InForce, histories: Histories | None = None
) -> Pipeline:
    return Pipeline(
        decoder=services.decoder,
        matching=services.matching,
        policy=lambda: policy,
        recording=Recording(services.journal),
        histories=histories or Histories(services.database),
    )


def check(
    services: Services,
    event_id: str,
    pipeline: Pipeline | None = None,
    **parts: Any,  # noqa: ANN401 - members of a submission
) -> Outcome:
    given = {"digest": f"of {event_id}", "drill": True} | parts
    submission = msgspec.convert({"event_id": event_id, **given}, Submission)
    return asyncio.run((pipeline or services.pipeline).check(submission))


def history_of(services: Services, event_id: str) -> History | None:
    return services.events.get(event_id).event.history


def test_a_message_without_content_is_decided_about_and_never_clear(services: Services) -> None:
    outcome = check(services, "bare", **MESSAGE)
    assert outcome.verdict is Verdict.NOT_CHECKED
    assert [gap.reason for gap in outcome.gaps] == [GapReason.NO_CONTENT]
    assert outcome.decision.actions == (ActionKind.ALLOW,)
    stored = services.events.get("bare")
    assert stored.event.contents == ()
    assert stored.outcome == outcome


def test_what_was_blocked_slows_what_comes_after(services: Services) -> None:
    actor: dict[str, Any] = {"actor": {"id": "earlier"}}
    assert ActionKind.SLOW not in check(services, "b1", **MESSAGE | actor).decision.actions
    check(services, "b2", source=KNOWN, **actor)
    outcome = check(services, "b3", **MESSAGE | actor)
    assert outcome.decision.actions == (
        ActionKind.SLOW,
        ActionKind.WARN_RECEIVER,
        ActionKind.OPEN_CASE,
        ActionKind.ALLOW,
    )
    contact = check(services, "b4", **MESSAGE | actor | {"kind": "contact"})
    assert contact.decision.actions[0] is ActionKind.RESTRICT_CONTACT
    assert history_of(services, "b3") == History(
        events_1d=2, events_30d=2, matches_30d=1, blocks_30d=1, cases_30d=1
    )
    # What is blocked in a drill counts in drills only.
    real = check(services, "b5", **MESSAGE | actor, drill=False)
    assert real.decision.actions == (ActionKind.ALLOW,)


@pytest.mark.parametrize(
    ("live", "shadow", "looked_up"),
    [(BLIND, None, False), (CURIOUS, None, True), (BLIND, CURIOUS, True)],
)
def test_a_history_is_looked_up_where_a_rule_reads_it(
    services: Services, live: Policy, shadow: Policy | None, *, looked_up: bool
) -> None:
    pipeline = pipeline_of(services, InForce(live, shadow))
    name = f"{live.name}-{shadow.name if shadow else ''}"
    check(services, name, pipeline, **MESSAGE | {"actor": {"id": name}})
    assert history_of(services, name) == (History() if looked_up else None)
    check(services, f"{name}-nobody", pipeline, **MESSAGE | {"actor": None})
    assert history_of(services, f"{name}-nobody") is None


def test_a_history_that_cannot_be_read_accepts_nothing(services: Services) -> None:
    nowhere = Database.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    pipeline = pipeline_of(services, InForce(CURIOUS), Histories(nowhere))
    with pytest.raises(Unavailable):
        check(services, "lost", pipeline, **MESSAGE)
    with pytest.raises(NotFound):
        services.events.get("lost")
    nowhere.close()


@pytest.mark.parametrize("source", [None, KNOWN, UNKNOWN, b"some text"])
def test_what_is_stored_gives_the_facts_that_were_decided_about(
    services: Services, source: bytes | None
) -> None:
    """So that a replay and an explanation see exactly what the decision saw."""
    seen: list[Facts] = []

    class Watched(Policy):
        def decide(self, facts: Facts) -> object:  # type: ignore[override]
            seen.append(facts)
            return super().decide(facts)

    watched = Watched.load(CURIOUS.text, "curious.yaml")
    name = f"seen-{len(source or b'')}"
    check(services, name, pipeline_of(services, InForce(watched)), source=source, **MESSAGE)
    file = services.events.get(name)
    then = file.outcome
    again = Facts.of(file.event, then.verdict, then.matches, then.gaps, then.silenced, then.law)
    assert seen == [again]
    assert again.history.known
    assert again.contact.adult_to_minor
