"""What is wrong with a condition, in words that its author understands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from tutela.model.record import Record

MANUAL = "docs/reference/policy.md lists what there is"
"""Remedy where nothing similar exists."""

_COMPLAINT = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<what>[^\n]*)")
_UNKNOWN = re.compile(r"undeclared reference to '(?P<name>[^']*)'")
_NO_FIELD = re.compile(r"undefined field '(?P<name>[^']*)' not found in struct '(?P<of>[^']*)'")
_NO_OVERLOAD = re.compile(r"no matching overload for '(?P<what>[^']*)' applied to '\((?P<of>.*)\)'")
_NOT_A_CONSTANT = "cannot be the operand of a select operation"
_TAIL = re.compile(r"( expecting \{.*\})?( \[[A-Z_]+\])?$")
_TOO_DEEP = ("recursion limit", "recursion depth")
_NAME = re.compile(r"[A-Za-z_][\w.]*")

_OPERATORS = {"_[_]": "[ ]", "_?_:_": "? :", "@in": "in", "-_": "-", "!_": "!"}
_TYPES = {
    "bool": "true or false",
    "int": "a whole number",
    "uint": "an unsigned number",
    "double": "a number with a fraction",
    "string": "text",
    "dyn": "a value of unknown type",
}
_FUNCTIONS = (
    "all",
    "contains",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "has",
    "map",
    "matches",
    "size",
    "startsWith",
)
_HABITS = (
    ("at: '=", "to compare, write =="),
    ("at: '&", "for 'and', write &&"),
    ("at: '|", "for 'or', write ||"),
    ("input 'and'", "for 'and', write &&"),
    ("input 'or'", "for 'or', write ||"),
    ("input 'not'", "for 'not', write !"),
    ("missing ')'", "a bracket is not closed"),
    ("missing ']'", "a bracket is not closed"),
    ("token recognition error at: ''", "a quoted text is not closed"),
    ("'<EOF>'", "something is missing at the end"),
)
_RUN_TIME = (
    ("budget exceeded", "it took more than 10,000 steps"),
    ("by zero", "it divided by zero"),
    ("Index error", "it asked for an item that the list does not have"),
    ("Key not found", "it asked for a key that the map does not have"),
    ("overflow", "a number became too large"),
    ("regular expression", "its regular expression is not valid"),
    ("onversion failed", "a text could not be converted"),
    ("cannot convert", "a text could not be converted"),
)


class Complaint(Record, frozen=True, kw_only=True):
    """What is wrong and where in the condition, line and column from 1."""

    what: str
    line: int = 1
    column: int = 1
    remedy: str = ""


def complaint(raw: str, source: str, names: Iterable[str]) -> Complaint:
    """The compiler's complaint that stands first in the condition, in our words.

    Args:
        raw: what the compiler said.
        source: the condition.
        names: every name that a condition may use.
    """
    if any(sign in raw for sign in _TOO_DEEP):
        return Complaint(what="this condition is nested too deeply", remedy="make it several rules")
    places = [(int(m["line"]), int(m["column"]), m["what"]) for m in _COMPLAINT.finditer(raw)]
    if not places:
        return Complaint(what="this is not a condition", remedy=MANUAL)
    line, column, said = min(places)
    what, remedy = _words(said, _name_at(source, line, column), (*names, *_FUNCTIONS))
    return Complaint(what=what, line=line, column=column, remedy=remedy)


def failure(raw: str) -> str:
    """Why a condition had no answer, without quoting the facts."""
    return next((words for sign, words in _RUN_TIME if sign in raw), "it could not be evaluated")


def type_in_words(name: str) -> str:
    """A type of the language in words: `int` is a whole number, `Match` a match."""
    inner = re.fullmatch(r"list[(<](?P<of>.*)[)>]", name, re.IGNORECASE)
    if inner:
        return f"a list ({type_in_words(inner['of'])})"
    short = name.rpartition(".")[2].lower()
    return _TYPES.get(short) or f"{'an' if short[:1] in 'aeiou' else 'a'} {short}"


def nearest(name: str, names: Iterable[str], otherwise: str = MANUAL) -> str:
    """A remedy that names what was probably meant, or says something else."""
    lower = {one.lower(): one for one in names}
    for wanted in (name.lower(), name.lower().rpartition(".")[2]):
        near = get_close_matches(wanted, list(lower), n=1, cutoff=0.6)
        if near:
            return f"did you mean {lower[near[0]]}?"
    return otherwise


def _words(what: str, name: str, names: tuple[str, ...]) -> tuple[str, str]:
    if unknown := _UNKNOWN.search(what):
        return f"unknown fact or function {unknown['name']}", nearest(unknown["name"], names)
    if field := _NO_FIELD.search(what):
        if field["of"].endswith("Thresholds"):
            return f"the policy has no threshold {field['name']}", nearest(field["name"], names)
        owner = type_in_words(field["of"])
        return f"{owner} has no field {field['name']}", nearest(field["name"], names)
    if overload := _NO_OVERLOAD.search(what):
        return _no_overload(overload["what"], overload["of"])
    if _NOT_A_CONSTANT in what:
        return f"there is nothing named {name}", nearest(name, names)
    habit = next((words for sign, words in _HABITS if sign in what), MANUAL)
    return f"this is not a condition: {_TAIL.sub('', what, count=1)}", habit


def _no_overload(function: str, types: str) -> tuple[str, str]:
    operator = _OPERATORS.get(function, function.strip("_"))
    words = " and ".join(type_in_words(one) for one in types.split(", "))
    remedy = MANUAL
    if {"int", "string"} <= set(types.split(", ")):
        # A constant of a fixed list is a number to the language.
        like = "Verdict.match" if operator in ("==", "!=") else "31"
        remedy = f"numbers and constants are written without quotes: {like}"
    if {"int", "double"} <= set(types.split(", ")):
        remedy = "a number that is compared with one that has a fraction needs a point: 5.0"
    return f"{operator} cannot be used with {words}", remedy


def _name_at(source: str, line: int, column: int) -> str:
    """The dotted name that covers a position."""
    lines = source.splitlines()
    text = lines[line - 1] if line <= len(lines) else ""
    covering = (m[0] for m in _NAME.finditer(text) if m.start() < column <= m.end())
    return next(covering, "")
