"""The how-to's cue file is one that can be used, and the page names every key."""

from __future__ import annotations

import re
from pathlib import Path

from tutela.detection.conversation.cues import lexicon, reading
from tutela.detection.conversation.cues.checking import failed_lines
from tutela.detection.conversation.cues.cueset import CueSet

DOCS = Path(__file__).parents[5] / "docs"


def test_the_example_of_the_how_to_passes_its_own_check() -> None:
    page = (DOCS / "how-to/write-cues.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert list(failed_lines(CueSet.load(example.encode(), "example.yaml"))) == []


def test_the_page_names_every_key() -> None:
    page = (DOCS / "reference/cues.md").read_text()
    keys = {*reading._TOP, *reading._FAMILY}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in page] == []
    assert all(f"{key}:" in page for key in lexicon._TOP)
