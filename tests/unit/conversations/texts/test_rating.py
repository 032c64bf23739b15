"""The law is asked before any text is looked at, and what it says is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tutela.conversations.texts.rating import TextRating, terms_of
from tutela.detection.solicitation.rater import Shown
from tutela.errors import BadConfiguration
from tutela.model import EventKind, Ruling, SurfaceClass
from tutela.settings.conversations import ConversationSettings

LIST = """\
terms: 1
name: adverts
owner: Trust and Safety
version: 2
entries:
  - {id: one, phrase: purple umbrella, points: 4}
"""


def ruling(*, may_scan: bool) -> Ruling:
    return Ruling(
        pack="eu",
        version="1",
        surface_class=SurfaceClass.PUBLIC,
        may_scan=may_scan,
        reason="for a test",
        source="a test",
        overridden=False,
    )


def test_what_the_law_refuses_is_counted_and_not_computed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LIST)
    terms = terms_of(ConversationSettings(terms_folder=str(tmp_path)))
    counted: Counter[str] = Counter()
    asked: list[tuple[str, str, EventKind]] = []

    def law(region: str, surface: str, kind: EventKind) -> Ruling | None:
        asked.append((region, surface, kind))
        return None if region == "US" else ruling(may_scan=region == "FR")

    rating = TextRating(law, terms, counted.update)
    texts = [Shown(text="a purple umbrella", language="en")]
    (refused,) = rating.rate(texts, "DE", "profile")
    assert refused.not_enough_evidence is not None
    assert refused.not_enough_evidence.detail == "pack eu: for a test"
    assert (refused.value, refused.model) == (0, "")
    for region in ("FR", "US"):
        (rated,) = rating.rate(texts, region, "profile")
        assert [one.name for one in rated.reasons] == ["adverts 2 one"]
    assert asked == [(region, "profile", EventKind.UPLOAD) for region in ("DE", "FR", "US")]
    kinds = Counter({name.split()[0]: times for name, times in counted.items()})
    assert kinds == {"law_refused": 1, "law_scanned": 1, "law_without_pack": 1}


def test_lists_are_read_when_the_settings_are(tmp_path: Path) -> None:
    assert terms_of(ConversationSettings()).lists == {}
    (tmp_path / "a.yaml").write_text(LIST + "  - {pattern: '(?=a)b'}\n")
    with pytest.raises(BadConfiguration, match=r"a\.yaml:7:15: this is no pattern of RE2"):
        terms_of(ConversationSettings(terms_folder=str(tmp_path)))
