"""What people are shown of the law: stale values, due times, and where a value stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import NotFound
from tutela.policy.law.law import Law
from tutela.policy.law.terms import due, is_span
from tutela.policy.law.viewing import (
    CaseLaw,
    Freshness,
    case_law,
    summary_of,
    value_at,
    values_of,
)

TODAY = date(2026, 11, 22)
FRESH = Freshness(today=TODAY, days=92)
LAW = Law.load("", today=TODAY)
OPENED = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
PATHS = [path for pack in LAW.packs.values() for path, _ in pack.items()]


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_value_is_stale_once_it_is_older_than_the_days(age: int, days: int) -> None:
    fresh = Freshness(today=TODAY + timedelta(days=age), days=days)
    pack = LAW.packs["nz"]
    values = values_of(pack, fresh)
    assert {value.stale for value in values} == {age > days}
    assert summary_of(pack, fresh).stale == (len(values) if age > days else 0)


@pytest.mark.parametrize("path", PATHS)
def test_every_value_is_found_at_its_path_and_at_those_of_its_members(path: str) -> None:
    found = value_at(LAW, path, FRESH)
    assert found.path == path
    assert found.says
    for member in found.says:
        assert value_at(LAW, f"{path}.{member}", FRESH) == found


@pytest.mark.parametrize("path", ["", "uk", "uk.", "uk.clocks", "narnia.scan.public", "uk.a.b.c.d"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(NotFound):
        value_at(LAW, path, FRESH)


def test_a_summary_adds_up() -> None:
    for pack in LAW.packs.values():
        summary = summary_of(pack, FRESH)
        assert summary.values == summary.read + summary.secondary + summary.unsettled
        assert len(summary.may_scan) + len(summary.may_not_scan) == 6
        assert (summary.checked, summary.stale, summary.overrides) == (TODAY, 0, ())


def law_of_case(region: str, law: Law = LAW) -> CaseLaw:
    found = case_law(law, region, None, OPENED, FRESH)
    assert found is not None
    return found


@pytest.mark.parametrize("region", ["AU", "CA", "DE", "NZ", "GB", "US"])
def test_only_what_counts_from_awareness_in_numbers_is_due(region: str) -> None:
    for clock in law_of_case(region).clocks:
        says = clock.value.says
        if says["after"] == "awareness" and is_span(says["within"]):
            assert clock.due == due(says["within"], OPENED)
        else:
            assert clock.due is None


def test_a_threat_in_australia_is_due_a_day_after_the_opening() -> None:
    clocks = {clock.value.name: clock for clock in law_of_case("AU-NSW").clocks}
    assert clocks["threat"].due == OPENED + timedelta(hours=24)
    assert clocks["refer"].due is None


def test_an_override_is_what_counts(tmp_path: Path) -> None:
    file = tmp_path / "law.yaml"
    file.write_text(
        "home: AU\noverrides:\n  - {path: au.clocks.refer.within, value: 2 days,"
        " reason: Our own promise., decided_by: Counsel, date: 2026-01-02}\n"
    )
    found = law_of_case("", Law.load(str(file), today=TODAY))
    (refer,) = [clock for clock in found.clocks if clock.value.name == "refer"]
    assert refer.due == OPENED + timedelta(days=2)
    assert refer.value.overrides
    assert len(found.summary.overrides) == 1


def test_who_overrides_a_value_has_looked_at_it(tmp_path: Path) -> None:
    file = tmp_path / "law.yaml"
    file.write_text(
        "overrides:\n  - {path: nz.clocks.take-down.within, value: 24 hours,"
        " reason: It still holds., decided_by: Counsel, date: 2027-05-01}\n"
    )
    fresh = Freshness(today=date(2027, 5, 22), days=92)
    law = Law.load(str(file), today=fresh.today)
    found = {value.path: value for value in values_of(law.packs["nz"], fresh)}
    looked = found.pop("nz.clocks.take-down")
    assert (looked.stale, looked.checked) == (False, date(2027, 5, 1))
    assert all(value.stale for value in found.values())


def test_a_case_of_a_place_without_a_pack_has_no_law() -> None:
    assert case_law(LAW, "JP", None, OPENED, FRESH) is None
