"""Files, functions and packages stay small enough to be read."""

from __future__ import annotations

import ast
import statistics
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lint.conftest import Module

FILE_WANTED = 400
FILE_LIMIT = 600
FUNCTION_LIMIT = 60
FUNCTION_MEDIAN = 8
PACKAGE_LIMIT = 15


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function with its signature and without its docstring: prose is wanted."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature: the options of a command are its parameters."""
    return length(function) - (function.body[0].lineno - function.lineno)


def test_that_lengths_leave_the_docstring_out() -> None:
    tree = ast.parse('def f(\n    a,\n):\n    """One\n\n    two.\n    """\n    return 1\n')
    assert isinstance(tree.body[0], ast.FunctionDef)
    assert length(tree.body[0]) == 4
    assert body_length(tree.body[0]) == 1


@pytest.mark.filterwarnings("always::UserWarning")
def test_files_are_short(everything: tuple[Module, ...]) -> None:
    lines = {module.where: len(module.text.splitlines()) for module in everything}
    for where, count in lines.items():
        if FILE_WANTED < count <= FILE_LIMIT:
            warnings.warn(f"{where} has {count} lines; {FILE_WANTED} are wanted", stacklevel=1)
    assert {where: n for where, n in lines.items() if n > FILE_LIMIT} == {}


def test_functions_are_short(everything: tuple[Module, ...]) -> None:
    long = {
        f"{module.where}:{function.lineno} {function.name}": body_length(function)
        for module in everything
        for function in module.functions()
        if body_length(function) > FUNCTION_LIMIT
    }
    assert long == {}


def test_the_median_function_is_short(source: tuple[Module, ...]) -> None:
    lengths = [length(function) for module in source for function in module.functions()]
    assert statistics.median(lengths) <= FUNCTION_MEDIAN


def test_packages_are_small(source: tuple[Module, ...]) -> None:
    files = Counter(str(module.path.parent) for module in source)
    assert {folder: n for folder, n in files.items() if n > PACKAGE_LIMIT} == {}
