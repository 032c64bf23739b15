from __future__ import annotations

import os

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.model.custody.evidence import ItemFacts, Step, StepKind
from tutela.model.custody.names import FoundName, exact, found, shown

SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"])
NAMES = st.text(st.characters() | SURROGATES)


@given(st.binary())
@example(b"caf\xe9.jpg")
@example(b"\xed\xa0\x80")
def test_bytes_of_a_name_come_back(raw: bytes) -> None:
    assert exact(*found(raw)) == raw
    assert found(os.fsdecode(raw)) == found(raw)


@given(NAMES)
@example("\ud83d broken UTF-16")
@example("\udcc3\udca9")
def test_any_text_becomes_text_that_json_holds(name: str) -> None:
    text, raw = found(name)
    facts = ItemFacts(name=text, name_bytes=raw)
    assert msgspec.json.decode(msgspec.json.encode(facts), type=ItemFacts) == facts


def test_a_lone_half_of_a_pair_is_kept_as_utf_8_would_write_it() -> None:
    assert exact(*found("\ud83d.jpg")) == b"\xed\xa0\xbd.jpg"


@given(st.text())
def test_a_name_in_unicode_stays_as_it_is(name: str) -> None:
    assert found(name) == FoundName(name, "")


def test_two_names_that_are_written_alike_differ_in_their_bytes() -> None:
    assert found(b"a\xff") == FoundName(r"a\xff", "61ff")
    assert found(rb"a\xff") == FoundName(r"a\xff", "")


def test_a_step_without_such_bytes_says_nothing_of_them() -> None:
    step = Step(kind=StepKind.PATH, name="mountain.png")
    assert msgspec.json.encode(step) == b'{"kind":"path","name":"mountain.png"}'


def test_bytes_that_are_no_hex_are_refused() -> None:
    with pytest.raises(ValueError, match="hex"):
        exact("a", "zz")


def test_nothing_in_a_name_moves_a_cursor_or_turns_the_reading_around() -> None:
    assert shown("a\x1b[2Jb\u202e\nc é") == "a\\x1b[2Jb\\u202e\\nc é"
