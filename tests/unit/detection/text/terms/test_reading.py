"""A mistake in a term list is told with its place, and never with a term."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.reading import LARGEST, MOST_PATTERNS, MOST_TERMS, read_terms
from tutela.errors import BadConfiguration

NORMALISER = Normaliser()
HEAD = "terms: 1\nname: adverts\nowner: Trust and Safety\nversion: 1\nentries:\n"


def complaint(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadConfiguration) as raised:
        read_terms(data, "a.yaml", NORMALISER)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a.yaml:1:1: the term list is empty"),
        ("- hushhush", "a.yaml:1:1: a term list is written as keys and values"),
        ("terms: 2\nname: a\nowner: b\nversion: 1\nentries: [hushhush]", "a.yaml:1:8: this form"),
        ("terms: 1\nhushhush: 3", "a.yaml:2:1: this key is not known"),
        ("terms: 1\nname: a", "a.yaml:1:1: a term list lacks owner; add `owner:`"),
        (HEAD + "  - [hushhush]", "a.yaml:6:5: an entry is written as keys and values"),
        (HEAD + "  - hushhush: 3", "a.yaml:6:5: this key is not known"),
        (
            HEAD + "  - {phrase: hushhush, pointz: 3}",
            "a.yaml:6:24: this key is not known; did you mean points?",
        ),
        (HEAD + "  - {phrase: hushhush, part: hushhush}", "a.yaml:6:5: an entry has one of phrase"),
        (
            HEAD + "  - {phrase: hushhush, points: 11}",
            "a.yaml:6:32: points must be a number from 0 to 10",
        ),
        (HEAD + "  - {phrase: hushhush, points: .nan}", "a.yaml:6:32: points must be"),
        (HEAD + "  - {phrase: hushhush, phrase: b}", "a.yaml:6:24: phrase is given twice"),
        (HEAD + "  - {id: '!', phrase: hushhush}", "a.yaml:6:10: an id cannot be written so"),
        (HEAD + "  - {id: a, phrase: hushhush}\n  - {id: a, phrase: b}", "a.yaml:7:5: two entries"),
        (HEAD + "  - '?!'", "a.yaml:6:5: nothing of this entry can be looked for"),
        (HEAD + "  - {part: '...'}", "a.yaml:6:12: nothing of this entry can be looked for"),
        (HEAD + "  - {pattern: '(hushhush'}", "a.yaml:6:15: this is no pattern of RE2: missing )"),
        (
            HEAD + r"  - {pattern: '(hushhush)\1'}",
            "a.yaml:6:15: this is no pattern of RE2: invalid escape",
        ),
        (
            HEAD + "  - {pattern: '(?=hushhush)'}",
            "a.yaml:6:15: this is no pattern of RE2: invalid perl",
        ),
        (HEAD + "  - {pattern: '((x{100}){100}){100}'}", "a.yaml:6:15: this is no pattern of RE2"),
        (
            HEAD + "  - {pattern: '(hushhush)*'}",
            "a.yaml:6:15: the pattern matches a text in which nothing",
        ),
        (HEAD + "  - 'hushhush", "a.yaml:6:5: a quoted text is not closed"),
        (HEAD + "  - *hushhush", "a.yaml:6:5: an alias (*) cannot stand here"),
        (b"\xff\xfe", "a.yaml: the file is not UTF-8"),
        (b"a" * (LARGEST + 1), "a.yaml: a term list may have"),
        (
            HEAD.replace("adverts", "A b") + "  - hushhush",
            "a.yaml:2:7: a name cannot be written so",
        ),
        (HEAD + "  []", "a.yaml:6:3: the list has no entries"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str | bytes, told: str) -> None:
    said = complaint(text)
    assert said.startswith(told)
    assert "hushhush" not in said


def test_there_are_bounds() -> None:
    many = HEAD + "".join(f"  - {{pattern: a{at}}}\n" for at in range(MOST_PATTERNS + 1))
    assert f"a.yaml:{6 + MOST_PATTERNS}:5: a term list may have {MOST_PATTERNS}" in complaint(many)
    long = HEAD + "  - hush\n" * (MOST_TERMS + 1)
    assert f"a.yaml:{6 + MOST_TERMS}:5: a term list may have" in complaint(long)


def test_what_yaml_reads_as_something_else_is_the_text_that_was_written() -> None:
    read = read_terms((HEAD + "  - 1312\n  - yes\n  - 1.50\n").encode(), "a.yaml", NORMALISER)
    assert [term.text for term in read.terms] == [" 1312 ", " yes ", " 1  50 "]
    assert [term.id for term in read.terms] == ["6", "7", "8"]


@given(st.text())
def test_no_file_breaks_the_reader(text: str) -> None:
    for data in (text, HEAD + text, HEAD + "  - " + text):
        with suppress(BadConfiguration):
            read_terms(data.encode("utf-8", "surrogatepass"), "a.yaml", NORMALISER)
