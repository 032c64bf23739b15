"""Imports form no cycle, hide nowhere, and do nothing."""

from __future__ import annotations

import ast
import graphlib
from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from tests.lint.conftest import Module

LAZY_ALLOWED = {
    "tutela.interfaces.cli": "the command must answer --help at once",
    "tutela.evidence.custody.documents": "what signs PDF loads as long as a quarter of a server",
}
"""Where an import may stand inside a function, and why."""

EMPTY_CONTAINERS = {"{}", "[]", "set()", "dict()", "list()"}

REGISTERING = "kernels.py"
"""numba learns of vector types and instructions through calls, in these files only."""

EFFECT_FREE = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


def test_no_import_cycle() -> None:
    graph = grimp.build_graph("tutela", cache_dir=None)
    edges = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_imports_stand_at_the_top(source: tuple[Module, ...]) -> None:
    hidden = [
        f"{module.where}:{node.lineno}"
        for module in source
        if not any(module.name.startswith(package) for package in LAZY_ALLOWED)
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_importing_a_module_does_nothing(source: tuple[Module, ...]) -> None:
    acting = [
        f"{module.where}:{node.lineno}"
        for module in source
        if module.path.name != REGISTERING
        for node in module.tree.body
        if not isinstance(node, EFFECT_FREE)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        and not (isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'")
    ]
    assert acting == []


def test_nothing_global_changes(source: tuple[Module, ...]) -> None:
    """No `global`, and no module-level name bound to an empty container to be filled later."""
    found = [
        f"{module.where}:{node.lineno}"
        for module in source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]
    found += [
        f"{module.where}:{node.lineno}"
        for module in source
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        if node.value is not None and ast.unparse(node.value) in EMPTY_CONTAINERS
    ]
    assert found == []
