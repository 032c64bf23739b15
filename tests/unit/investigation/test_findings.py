from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.investigation.findings import PlacedGap, Tally, scanned_file, sound
from tutela.model import Content, Gap, GapReason, Match, Verdict

FLAT = Gap(reason=GapReason.FLAT, detail="too flat", part="frame 2")
CHANGED = Gap(reason=GapReason.CHANGED, detail="it changed")


def match(**fields: object) -> Match:
    known = {"bank": "b", "bank_id": 0, "entry_id": 1, "kind": "md5", "distance": 0}
    return Match(**(known | {"exact": True, "list_version": 0} | fields))  # type: ignore[arg-type]


def test_a_file_without_gaps_and_matches_is_clear() -> None:
    file = scanned_file("/x", size=7, contents=(Content(media_type="image/png", size=7),))
    assert file.verdict is Verdict.CLEAR
    assert (file.path, file.path_bytes, file.size, file.members) == ("/x", None, 7, 0)
    assert file.media_type == "image/png"


def test_gaps_keep_their_place_and_forbid_clear() -> None:
    inner = Content(path=("a.zip", "b.png"), gaps=(FLAT,))
    file = scanned_file("/x", contents=(Content(), inner), obstacles=(CHANGED,))
    assert file.verdict is Verdict.NOT_CHECKED
    assert file.members == 1
    assert file.gaps == (
        PlacedGap(
            reason=GapReason.FLAT, detail="too flat", part="frame 2", path=("a.zip", "b.png")
        ),
        PlacedGap(reason=GapReason.CHANGED, detail="it changed"),
    )


def test_a_match_outweighs_gaps() -> None:
    file = scanned_file("/x", contents=(Content(gaps=(FLAT,)),), matches=(match(),))
    assert file.verdict is Verdict.MATCH
    assert len(file.gaps) == 1


def test_names_that_are_not_utf8_are_escaped_and_kept_as_bytes() -> None:
    raw = b"/caf\xe9/\xf0\x9f\x90\xa6"
    file = scanned_file(os.fsdecode(raw), matches=(match(path=("\udce9.png",)),))
    assert file.path == "/caf\\xe9/🐦"
    assert file.path_bytes is not None
    assert bytes.fromhex(file.path_bytes) == raw
    assert file.matches[0].path == ("\\xe9.png",)


@given(st.binary())
def test_every_name_can_be_shown(raw: bytes) -> None:
    shown = sound(os.fsdecode(raw))
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert (shown == os.fsdecode(raw)) == _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_lone_surrogate_that_no_byte_stands_for_can_be_shown() -> None:
    assert sound("a\ud800") == "a\\ud800"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_tally_adds_up(verdict: Verdict) -> None:
    files = {
        Verdict.MATCH: scanned_file("m", size=3, matches=(match(),)),
        Verdict.CLEAR: scanned_file("c", size=5, contents=(Content(), Content())),
        Verdict.NOT_CHECKED: scanned_file("n", obstacles=(CHANGED, FLAT)),
    }
    tally = Tally()
    for file in (*files.values(), files[verdict]):
        tally.add(file)
    assert tally.files == 4
    assert tally.verdicts[verdict] == 2
    assert tally.bytes == 8 + files[verdict].size
    assert tally.members == 1 + files[verdict].members
    assert sum(tally.reasons.values()) == tally.verdicts[Verdict.NOT_CHECKED]
    assert set(tally.reasons) == {"changed"}
