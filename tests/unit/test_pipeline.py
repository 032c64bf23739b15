"""The pipeline with real parts: decoder, index, policy and journal on a database of its own."""

from __future__ import annotations

import asyncio
import io
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tutela.app import open_services
from tutela.drill.photographs import listed, unrelated
from tutela.errors import Conflict, NotFound, Unavailable
from tutela.interfaces.services import Services
from tutela.lists.matching import KnownFacts, Matching
from tutela.model import (
    ActionKind,
    EntryFacts,
    EventKind,
    Gap,
    GapReason,
    NewEntry,
    Outcome,
    Signal,
    Verdict,
)
from tutela.pipeline import LISTED_GAPS, Pipeline, Submission
from tutela.policy.law.law import Law
from tutela.response.recording import Recording
from tutela.settings import Settings
from tutela.telemetry import make_logger

KNOWN, UNKNOWN = listed()[0].data, unrelated()[0].data


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
        entry = NewEntry(label="a lake", category="1", scheme="US", signals=contents[0].signals)
        opened.entries.add("lake", [entry])
        opened.sync.refresh()
        yield opened


def check(services: Services, event_id: str, **parts: object) -> Outcome:
    given_parts = {"digest": f"of {event_id}", "drill": True} | parts
    submission = msgspec.convert({"event_id": event_id, **given_parts}, Submission)
    return asyncio.run(services.pipeline.check(submission))


def zipped(*members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, member in enumerate(members):
            archive.writestr(f"{number}.bin", member)
    return file.getvalue()


def test_a_known_picture_is_a_match_with_its_provenance(services: Services) -> None:
    outcome = check(services, "known", source=KNOWN)
    assert outcome.verdict is Verdict.MATCH
    assert [match.kind for match in outcome.matches] == ["md5", "sha1", "sha256", "pdq"]
    for match in outcome.matches:
        assert (match.bank, match.label, match.category, match.scheme) == (
            "lake",
            "a lake",
            "1",
            "US",
        )
        assert match.list_version == outcome.list_version == services.matcher.version
    assert outcome.decision.actions[0] is ActionKind.BLOCK
    assert outcome.case_id is not None
    assert services.cases.get(outcome.case_id).outcome == outcome


def test_an_unknown_picture_is_clear_and_opens_no_case(services: Services) -> None:
    outcome = check(services, "unknown", source=UNKNOWN)
    assert (outcome.verdict, outcome.case_id, outcome.gaps) == (Verdict.CLEAR, None, ())


def test_half_a_picture_is_not_checked(services: Services) -> None:
    outcome = check(services, "half", source=UNKNOWN[: len(UNKNOWN) // 2])
    assert outcome.verdict is Verdict.NOT_CHECKED
    assert [gap.reason for gap in outcome.gaps] == [GapReason.DAMAGED]


def test_a_match_inside_an_archive_outweighs_its_gaps(services: Services) -> None:
    outcome = check(services, "zip", source=zipped(b"some text", KNOWN))
    assert outcome.verdict is Verdict.MATCH
    assert {match.path for match in outcome.matches} == {("1.bin",)}
    assert [(gap.reason, gap.part) for gap in outcome.gaps] == [(GapReason.UNSUPPORTED, "0.bin")]


def test_many_gaps_are_counted_not_listed(services: Services) -> None:
    parts = [f"text {number}".encode() for number in range(LISTED_GAPS + 20)]
    outcome = check(services, "many", source=zipped(*parts))
    assert len(outcome.gaps) == LISTED_GAPS + 1
    assert outcome.gaps[-1].detail == "and 20 more parts like these"


def test_a_repeated_event_gives_the_stored_outcome(services: Services) -> None:
    first = check(services, "twice", source=UNKNOWN)
    assert check(services, "twice", source=UNKNOWN) == first
    with pytest.raises(Conflict):
        check(services, "twice", source=KNOWN, digest="another")


def test_what_could_not_be_fetched_is_not_checked(services: Services) -> None:
    outcome = check(services, "url", gap={"reason": "fetch_failed", "detail": "no answer"})
    assert outcome.verdict is Verdict.NOT_CHECKED
    assert outcome.gaps[0].detail == "no answer"


def test_without_lists_nothing_is_clear(services: Services) -> None:
    matching = Matching(
        matcher=services.matcher,
        kinds=services.kinds,
        facts=KnownFacts(services.entries.facts),
        ready=lambda: False,
    )
    pipeline = Pipeline(
        decoder=services.decoder,
        matching=matching,
        policy=services.policy.now,
        recording=Recording(services.journal),
    )
    submission = Submission(event_id="early", digest="early", source=UNKNOWN)
    outcome = asyncio.run(pipeline.check(submission))
    assert outcome.verdict is Verdict.NOT_CHECKED
    assert outcome.gaps[0].reason is GapReason.INDEX_NOT_READY
    with pytest.raises(Unavailable):
        asyncio.run(matching.of_signals([Signal(kind="md5", value="ab" * 16)]))


def test_a_lookup_answers_signal_by_signal_and_bank_by_bank(services: Services) -> None:
    (entry,) = services.entries.list("lake")
    own, other = entry.signals[0], Signal(kind="md5", value="ab" * 16)
    look = services.matching.of_signals
    # More signals than are searched on the event loop, so that both ways are walked.
    for signals in ([other, own], [other] * 20 + [own]):
        found = asyncio.run(look(signals, ["lake"]))
        assert [len(one.matches) for one in found] == [0] * (len(signals) - 1) + [1]
    services.banks.create("empty")
    services.sync.refresh()
    assert not asyncio.run(look([own], ["empty"]))[0].matches
    with pytest.raises(NotFound):
        asyncio.run(look([own], ["nowhere"]))


def test_facts_are_read_once() -> None:
    asked: list[list[int]] = []

    def read(ids: list[int]) -> dict[int, EntryFacts]:
        asked.append(sorted(ids))
        return {number: EntryFacts(label=str(number)) for number in ids if number != 3}

    facts = KnownFacts(read)  # type: ignore[arg-type]
    assert facts.get([1, 2]).keys() == {1, 2}
    assert facts.get([2, 3])[2].label == "2"
    assert 3 not in facts.get([3]), "a deleted entry has no facts"
    assert asked == [[1, 2], [3], [3]]


def test_where_the_law_says_no_nothing_is_looked_at(services: Services) -> None:
    decoded: list[float] = []
    law = Law.load("", scan_without_pack=False)
    pipeline = Pipeline(
        decoder=services.decoder,
        matching=services.matching,
        policy=services.policy.now,
        recording=Recording(services.journal),
        law=law.ruling,
        decoded=decoded.append,
    )
    own = services.entries.list("lake")[0].signals
    gap = Gap(reason=GapReason.FETCH_FAILED)
    ways: list[dict[str, Any]] = [{"source": KNOWN}, {"signals": own}, {"gap": gap}]
    for region, pack in (("JP", "none"), ("FR", "eu")):
        for number, way in enumerate(ways):
            submission = Submission(
                event_id=f"unlawful-{region}-{number}",
                digest="d",
                kind=EventKind.MESSAGE,
                region=region,
                **way,
            )
            outcome = asyncio.run(pipeline.check(submission))
            assert outcome.verdict is Verdict.NOT_CHECKED
            assert [one.reason for one in outcome.gaps] == [GapReason.NOT_PERMITTED]
            assert outcome.law is not None
            assert (outcome.law.pack, outcome.law.may_scan) == (pack, False)
            stored = services.events.get(outcome.event_id)
            assert stored.event.contents[0].signals == ()
            assert stored.outcome == outcome
    assert decoded == []
    permitted = Submission(
        event_id="lawful", digest="d", region="FR", surface="public", drill=True, source=KNOWN
    )
    assert asyncio.run(pipeline.check(permitted)).verdict is Verdict.MATCH
    assert len(decoded) == 1
