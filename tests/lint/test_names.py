"""One word per concept, and no drawer for things that have no name."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tutela import model

if TYPE_CHECKING:
    from tests.lint.conftest import Module

DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "base", "shared", "lib", "core"}


def test_no_module_is_a_drawer(everything: tuple[Module, ...]) -> None:
    found = [module.where for module in everything if DRAWERS & set(Path(module.where).parts)]
    found += [module.where for module in everything if module.path.stem in DRAWERS]
    assert found == []


def test_each_word_of_the_model_is_in_the_glossary(root: Path) -> None:
    headings = set(re.findall(r"^## (.+)$", glossary(root), re.MULTILINE))
    words = {re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize() for name in model.__all__}
    words -= {"Principles"}
    assert words - headings == set()


def test_no_name_uses_another_word(root: Path, source: tuple[Module, ...]) -> None:
    """The glossary says under each word which others are not used for it."""
    refused = refused_words(glossary(root))
    assert refused
    found = [
        f"{module.where}: {name}"
        for module in source
        for name in names(module)
        if refused & set(pieces(name))
    ]
    assert found == []


def test_that_names_come_apart() -> None:
    assert list(pieces("load_BlockListFile2")) == ["load", "block", "list", "file2", "blocklist"]


def glossary(root: Path) -> str:
    return (root / "docs/reference/words.md").read_text()


def refused_words(text: str) -> set[str]:
    lines = re.findall(r"^Not: (.+)\.$", text, re.MULTILINE)
    return {word.strip() for line in lines for word in line.split(",")}


def names(module: Module) -> Iterator[str]:
    """Names that a module gives: itself, its classes, functions, arguments and fields."""
    yield module.path.stem
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def pieces(name: str) -> Iterator[str]:
    """The lower-case words of a name, and each two neighbours as one."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*", name)]
    yield from words
    for left, right in itertools.pairwise(words):
        if left + right in {"blocklist", "hashlist", "watchlist", "blacklist", "whitelist"}:
            yield left + right


def test_unit_tests_mirror_the_source(root: Path) -> None:
    """`tests/unit/a/test_b.py`, or `test_b_aspect.py`, tests `src/tutela/a/b`.

    `test_manual.py` tests what the manual says of its folder.
    """
    lost = []
    for test in sorted((root / "tests/unit").rglob("test_*.py")):
        folder = root / "src/tutela" / test.parent.relative_to(root / "tests/unit")
        words = test.stem.removeprefix("test_").split("_")
        if words == ["manual"]:
            continue
        stems = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
        if not any((folder / f"{s}.py").exists() or (folder / s).is_dir() for s in stems):
            lost.append(str(test.relative_to(root)))
    assert lost == []
