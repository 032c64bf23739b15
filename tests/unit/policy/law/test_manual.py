"""What the manual says of the law is true: its examples are accepted, its words are ours."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tutela.model import SurfaceClass
from tutela.policy.law.law import Law
from tutela.policy.law.loading import read_pack, shipped
from tutela.policy.law.records import SECTIONS, Status
from tutela.policy.law.terms import WORDS, Bound, Moment

DOCS = Path(__file__).parents[4] / "docs"
TODAY = date(2026, 11, 30)
EXAMPLES = re.findall(
    r"^```yaml\n(.*?)^```", (DOCS / "how-to/adapt-the-law.md").read_text(), re.MULTILINE | re.DOTALL
)
REFERENCE = " ".join((DOCS / "reference/law.md").read_text().split())


def test_the_examples_are_accepted(tmp_path: Path) -> None:
    surfaces, overrides, pack, named = EXAMPLES
    (tmp_path / "iceland.yaml").write_text(pack)
    assert read_pack(tmp_path / "iceland.yaml", TODAY, beside=shipped(TODAY)).id == "is"
    (tmp_path / "law.yaml").write_text(surfaces + overrides + named)
    law = Law.load(str(tmp_path / "law.yaml"), today=TODAY)
    assert law.class_of("drive") is SurfaceClass.STORAGE
    assert {len(pack.overrides) for pack in law.packs.values()} == {0, 1}
    found = law.pack_of("IS")
    assert found is not None
    assert found.id == "is"
    assert [one.grade for one in law.categories_of("IS")] == ["is:1", "is:2"]


@pytest.mark.parametrize(
    "word",
    [*WORDS, *Moment, *Bound, *Status, *SurfaceClass, *SECTIONS, "regions"],
)
def test_every_word_of_a_pack_is_in_the_reference(word: str) -> None:
    assert f"`{word}`" in REFERENCE


def test_every_shipped_value_is_in_the_reference() -> None:
    for pack in shipped(TODAY):
        assert f"## {pack.title}" in REFERENCE
        for path, item in pack.items():
            assert f"| `{path}` |" in REFERENCE
            assert item.source.title in REFERENCE
