"""Whatever is registered shows on the board: it can never drift."""

from __future__ import annotations

from tutela.detection.signals.registry import builtin_kinds
from tutela.interfaces.board import board, standings
from tutela.model import PRINCIPLES, MeasureState
from tutela.oversight.duties import DUTIES
from tutela.policy.policy import Policy
from tutela.response.actions import ACTIONS
from tutela.settings import DecoderSettings, Settings
from tutela.storage.counts import Counts
from tutela.storage.database import Database

KINDS = builtin_kinds()
DEFAULT = Policy.default()


def test_every_detector_action_and_duty_declares_a_principle_and_shows() -> None:
    rows = board(Settings(), KINDS, DEFAULT)
    measures = [kind.measure for kind in KINDS]
    measures += [action.measure for action in ACTIONS]
    measures += [duty.measure for duty in DUTIES]
    assert len({measure.id for measure in measures}) == len(measures)
    for measure in measures:
        assert measure.principles, measure.id
        for number in measure.principles:
            shown = {one.id for one in rows[number - 1].measures}
            assert measure.id in shown
    assert sum(len(row.measures) for row in rows) == sum(len(m.principles) for m in measures)


def test_every_counter_that_is_shown_exists(database: Database) -> None:
    counts = dict.fromkeys(Counts(database).counts(), 3)
    rows = board(Settings(), KINDS, DEFAULT, counts)
    shown = [measure for row in rows for measure in row.measures if measure.counter]
    assert shown
    assert all(measure.count == 3 for measure in shown)


def test_every_principle_has_a_measure_if_only_one_that_is_not_built() -> None:
    rows = board(Settings(), KINDS, DEFAULT)
    assert len(rows) == len(PRINCIPLES)
    assert all(row.measures for row in rows)
    assert rows[0].state is MeasureState.ON


def states(settings: Settings, policy: Policy) -> dict[str, MeasureState]:
    return {one.measure.id: one.state for one in standings(settings, KINDS, policy)}


def test_a_switch_turns_its_duty_off() -> None:
    off = Settings(decoder=DecoderSettings(archives=False))
    assert states(Settings(), DEFAULT)["archives"] is MeasureState.ON
    assert states(off, DEFAULT)["archives"] is MeasureState.OFF


def test_an_action_that_no_rule_names_is_off() -> None:
    mild = Policy.load(
        "policy: mild\nowner: safety\nrules:\n"
        "  - {name: all, when: true, actions: [hold], reason: Always., notice: Wait.}\n",
        "mild.yaml",
    )
    assert states(Settings(), DEFAULT)["block"] is MeasureState.ON
    assert states(Settings(), mild)["block"] is MeasureState.OFF
    assert states(Settings(), mild)["hold"] is MeasureState.ON
