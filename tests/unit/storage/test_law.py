"""Packs kept by version, and the count of what the law let be scanned."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tutela.errors import NotFound
from tutela.model import Gap, GapReason, Ruling, SurfaceClass
from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.law import LawCount, LawProof, LawVersions

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

DAY = date(2026, 11, 22)


def ruling(**changes: Any) -> Ruling:  # noqa: ANN401 - fields of a ruling
    fields: dict[str, Any] = {
        "pack": "eu",
        "version": "eu-1",
        "surface_class": SurfaceClass.PRIVATE_MESSAGES,
        "may_scan": False,
        "reason": "No.",
        "source": "An Act",
    }
    return Ruling(**(fields | changes))


def test_a_version_is_kept_once_and_never_changed(database: Database) -> None:
    versions = LawVersions(database)
    versions.keep([("eu-1", "eu", "{}"), ("uk-1", "uk", "{}")])
    versions.keep([("eu-2", "eu", "{2}"), ("uk-1", "uk", "{}")])
    first = versions.get("eu-1")
    versions.keep([("eu-1", "eu", "another text")])
    versions.keep([])
    assert versions.get("eu-1") == first
    assert first.text == "{}"
    assert {one.version for one in versions.list()} == {"eu-1", "eu-2", "uk-1"}
    assert {one.version for one in versions.list("eu")} == {"eu-1", "eu-2"}
    with pytest.raises(NotFound):
        versions.get("eu-3")


def test_events_are_counted_by_what_the_law_said(
    database: Database, make: Callable[..., Made]
) -> None:
    refused = (Gap(reason=GapReason.NOT_PERMITTED),)
    public = ruling(surface_class=SurfaceClass.PUBLIC, may_scan=True)
    told = [
        (ruling(), refused),
        (ruling(), refused),
        (public, ()),
        (None, ()),
        (ruling(), (Gap(reason=GapReason.NO_CONTENT),)),
        (None, (Gap(reason=GapReason.NO_CONTENT),)),
    ]
    with Journal(database) as journal:
        for number, (law, gaps) in enumerate(told):
            made = make(f"e{number}")
            outcome = replace(made.outcome, law=law, gaps=gaps)
            journal.record(made.event, outcome).result(30)
        late = make("late")
        moment = late.outcome.received_at + timedelta(days=1)
        outcome = replace(late.outcome, law=ruling(), gaps=refused, received_at=moment)
        journal.record(late.event, outcome).result(30)
    proof = LawProof(database)
    tomorrow = DAY + timedelta(days=1)
    private: dict[str, Any] = {"pack": "eu", "surface_class": "private_messages"}
    assert proof.counts() == [
        LawCount(day=tomorrow, refused=1, **private),
        LawCount(day=DAY, scanned=1),
        LawCount(day=DAY, refused=2, **private),
        LawCount(day=DAY, pack="eu", surface_class="public", scanned=1),
    ]
    assert [one.day for one in proof.counts(tomorrow)] == [tomorrow]
    counts = Counts(database).counts()
    assert counts["law_refused"] == 3
    assert not any(name.startswith("law_") for name in counts if name != "law_refused")


def test_law_that_comes_into_force_is_told(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    versions = LawVersions(database)
    versions.keep([("eu-1", "eu", "{}"), ("uk-1", "uk", "{}")])
    versions.keep([("eu-1", "eu", "{}"), ("uk-1", "uk", "{}")])
    versions.keep([("eu-2", "eu", "{2}"), ("uk-1", "uk", "{}")])
    versions.keep([("eu-1", "eu", "{}"), ("uk-1", "uk", "{}")])  # back to what is kept
    assert {(one.kind, one.by, one.data["did"]) for one in leaves()} == {
        (AuditKind.LAW, PROGRAM, "in force")
    }
    told = [(one.subject, one.data["version"], one.data["version_before"]) for one in leaves()]
    assert told == [
        ("law:eu", "eu-1", None),
        ("law:uk", "uk-1", None),
        ("law:eu", "eu-2", "eu-1"),
        ("law:eu", "eu-1", "eu-2"),
    ]


def test_servers_that_start_at_once_tell_of_it_once(
    database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        keep, packs = LawVersions(database).keep, [("eu-1", "eu", "{}")]
        for done in [pool.submit(keep, packs) for _ in range(8)]:
            done.result(60)
    assert [one.subject for one in leaves()] == ["law:eu"]
