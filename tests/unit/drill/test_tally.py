from __future__ import annotations

from tutela.drill.plan import UploadKind
from tutela.drill.tally import Tally
from tutela.model.verdict import Verdict


def test_a_sound_drill_ends_in_its_line() -> None:
    tally = Tally()
    tally.add(UploadKind.RESIZED, Verdict.MATCH)
    tally.add(UploadKind.UNRELATED, Verdict.CLEAR)
    tally.add(UploadKind.CORRUPT, Verdict.NOT_CHECKED)
    assert tally.sound
    assert tally.line() == "drill: 3 events, 1 matched, 0 missed, 1 not checked"


def test_what_should_match_and_does_not_is_missed() -> None:
    for verdict in (Verdict.CLEAR, Verdict.NOT_CHECKED):
        tally = Tally()
        tally.add(UploadKind.CROPPED, verdict)
        assert not tally.sound
        assert (tally.sum("missed"), tally.sum("wrong")) == (1, 0)


def test_any_other_wrong_verdict_is_wrong() -> None:
    for kind, verdict in (
        (UploadKind.UNRELATED, Verdict.MATCH),
        (UploadKind.UNRELATED, Verdict.NOT_CHECKED),
        (UploadKind.CORRUPT, Verdict.CLEAR),
        (UploadKind.TEXT, Verdict.MATCH),
    ):
        tally = Tally()
        tally.add(kind, verdict)
        assert not tally.sound
        assert (tally.sum("missed"), tally.sum("wrong")) == (0, 1)


def test_rows_come_in_a_fixed_order() -> None:
    tally = Tally()
    tally.add(UploadKind.TEXT, Verdict.NOT_CHECKED)
    rows = tally.rows()
    assert [row.kind for row in rows] == list(UploadKind)
    assert (rows[-1].sent, rows[-1].not_checked, rows[0].sent) == (1, 1, 0)
