"""Duties are declared once, truthfully, and with counters that exist."""

from __future__ import annotations

from tutela.model import PRINCIPLES
from tutela.oversight.duties import DUTIES
from tutela.settings import Settings
from tutela.storage.counts import Counts
from tutela.storage.database import Database


def test_every_duty_serves_a_principle() -> None:
    numbers = {principle.number for principle in PRINCIPLES}
    for duty in DUTIES:
        assert duty.measure.principles, duty.measure.id
        assert set(duty.measure.principles) <= numbers, duty.measure.id
        assert list(duty.measure.principles) == sorted(set(duty.measure.principles))


def test_names_are_unique() -> None:
    names = [duty.measure.id for duty in DUTIES]
    assert len(set(names)) == len(names)


def test_every_counter_is_one_of_the_database(database: Database) -> None:
    assert {duty.measure.counts for duty in DUTIES} - {""} <= Counts(database).counts().keys()


def test_every_switch_is_a_setting_that_is_on_or_off() -> None:
    switches = {row.name for row in Settings().explain() if isinstance(row.value, bool)}
    assert {duty.switch for duty in DUTIES} - {""} <= switches


def test_what_is_not_built_has_nothing_to_count_and_no_switch() -> None:
    planned = [duty for duty in DUTIES if not duty.built]
    assert planned
    assert all(not duty.measure.counts and not duty.switch for duty in planned)
