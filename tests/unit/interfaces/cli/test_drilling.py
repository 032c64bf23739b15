from __future__ import annotations

import pytest

from tutela.drill.plan import UploadKind
from tutela.drill.run import LookBack
from tutela.drill.scene import NEEDED, Confirmation, Scene
from tutela.drill.tally import Tally
from tutela.interfaces.cli.drilling import Results
from tutela.model import Verdict

FOUND = LookBack(photograph="rotunda", sent=6, found=6)
MISSED = LookBack(photograph="rotunda", sent=6, found=5)


def tally(verdict: Verdict) -> Tally:
    counted = Tally()
    counted.add(UploadKind.UNTOUCHED, verdict)
    return counted


def scene(state: str) -> Scene:
    done = tuple(
        Confirmation(action=kind, about="robin", done="", receipt="", state=state)
        for kind in NEEDED
    )
    return Scene(confirmations=done, sights=())


def test_a_drill_is_sound_with_and_without_a_platform() -> None:
    assert Results(uploads=tally(Verdict.MATCH), past=None).sound
    assert Results(uploads=tally(Verdict.MATCH), past=FOUND, scene=scene("done")).sound


@pytest.mark.parametrize(
    "results",
    [
        Results(uploads=tally(Verdict.CLEAR), past=FOUND, scene=scene("done")),
        Results(uploads=tally(Verdict.MATCH), past=MISSED, scene=scene("done")),
        Results(uploads=tally(Verdict.MATCH), past=FOUND, scene=scene("waiting")),
        Results(uploads=tally(Verdict.MATCH), past=FOUND, scene=scene("failed")),
    ],
)
def test_whatever_was_missed_or_not_confirmed_is_noticed(results: Results) -> None:
    assert not results.sound
