"""Refusals of review are known to the catalogs, word for word."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tutela
from tutela.interfaces.console.shell.refusals import REFUSALS
from tutela.interfaces.language import Languages
from tutela.storage.review.claims import MOST_HELD

PACKAGES = ("storage/review", "interfaces/console/review")


def raised(folder: Path) -> Iterator[str]:
    """Fixed sentences and remedies of the errors that the modules of a folder raise."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                remedies = [one.value for one in node.exc.keywords if one.arg == "remedy"]
                yield from words_of([*node.exc.args[:1], *remedies])


def words_of(said: list[ast.expr]) -> Iterator[str]:
    for one in said:
        parts = [one.body, one.orelse] if isinstance(one, ast.IfExp) else [one]
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def test_every_refusal_of_review_is_known_and_none_beside() -> None:
    home = Path(tutela.__file__).parent
    found = {words for package in PACKAGES for words in raised(home / package)}
    assert len(found) > 50
    assert sorted(found - REFUSALS) == []
    assert f"you hold {MOST_HELD} cases already" in REFUSALS


def test_each_is_said_in_french() -> None:
    french = Languages()["fr"]
    assert [words for words in sorted(REFUSALS) if french.said(words) is None] == []
