"""The entries of a bank, page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tutela.interfaces.console import entries

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit

ROW = re.compile(r'<a href="/console/entries/(\d+)">')
DIGEST = "5" * 32


def test_the_entries_of_a_bank_are_listed_without_their_signals(
    visit: Visit, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "PER_PAGE", 2)
    assert api.post("/v1/banks", {"name": "moors", "drill": True}).status == 201
    signals = [{"kind": "md5", "value": DIGEST}]
    listed = [{"signals": signals, "label": f"<b>moor {number}"} for number in range(3)]
    assert api.post("/v1/banks/moors/entries", {"entries": listed}).status == 201
    curator = visit("curator")
    first = curator.get("/console/banks/moors/entries")
    assert "3 entries." in first
    assert DIGEST not in first
    assert "&lt;b&gt;moor 0" in first
    after = re.search(r"/entries\?after=(\d+)", first)
    assert after is not None
    second = curator.get("/console/banks/moors/entries", after=after[1])
    numbers = [*ROW.findall(first), *ROW.findall(second)]
    assert (len(numbers), len(set(numbers))) == (3, 3)
    assert 'rel="next"' not in second
    assert "moor 0" in curator.get("/console/banks/moors/entries", after="odd")
    assert curator.ask("/console/banks/nowhere/entries").status == 404
