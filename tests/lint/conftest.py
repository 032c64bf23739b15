"""What the structure tests look at: every Python file of the project, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def name(self) -> str:
        """Dotted name, for files under src."""
        return ".".join(self.path.relative_to(SOURCE).with_suffix("").parts).removesuffix(
            ".__init__"
        )

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _modules(*folders: str) -> tuple[Module, ...]:
    return tuple(
        Module(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    )


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def source() -> tuple[Module, ...]:
    """Every module that ships."""
    return _modules("src")


@pytest.fixture(scope="session")
def everything() -> tuple[Module, ...]:
    """Every Python file: what ships, tests, benchmarks, scripts."""
    return _modules("src", "tests", "bench", "docs", "examples")
