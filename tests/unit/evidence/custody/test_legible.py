from __future__ import annotations

import os
import unicodedata
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutela.evidence.custody.legible import Legible, Written, code, printable

ANY = st.text(st.characters() | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF))
WIDTH = 24


def flat(written: Written) -> str:
    return "".join(piece.text for piece in chain(*written.lines))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("mountain.png", "mountain.png"),
        ("Überblick ÷ 3 §.txt", "Überblick ÷ 3 §.txt"),
        ("горы.png", "горы.png"),
        ("όρος.png", "όρος.png"),
        ("evil\u202egpj.exe", "evil<U+202E>gpj.exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("a\u200bb\u200d\ufeff", "a<U+200B>b<U+200D><U+FEFF>"),
        ("a\nb\r\tc\0\x7f\x9b", "a<U+000A>b<U+000D><U+0009>c<U+0000><U+007F><U+009B>"),
        ("e\u0301\u0301\u0301", "e<U+0301><U+0301><U+0301>"),
        ("שלום", "<U+05E9><U+05DC><U+05D5><U+05DD>"),
        ("👨‍👩‍👧", "<U+1F468><U+200D><U+1F469><U+200D><U+1F467>"),
        ("山.png", "<U+5C71>.png"),
        ("a/b\u2044c\uff0fd", "a/b<U+2044>c<U+FF0F>d"),
        ("a.exe\u2024png", "a.exe<U+2024>png"),
        ("x\xadx\xa0x\u3000x", "x<U+00AD>x<U+00A0>x<U+3000>x"),
        (" a  b ", "<U+0020>a<U+0020><U+0020>b<U+0020>"),
        ("<U+202E>", "<U+003C>U+202E>"),
        ("\ud83d", "<U+D83D>"),
        (os.fsdecode(b"caf\xe9"), "caf<0xE9>"),
        ("", ""),
    ],
)
def test_a_name_is_written_letter_by_letter(name: str, written: str) -> None:
    assert flat(Legible(100).name(name)) == written
    assert Legible(100).line(name) == written


def test_bytes_that_are_not_utf_8_are_written_as_they_were() -> None:
    assert flat(Legible(100).name(r"a\xff", b"a\xff")) == "a<0xFF>"
    assert flat(Legible(100).name(r"a\xff")) == r"a\xff"


@given(ANY, ANY)
@example("a b", "a<U+0020>b")
def test_two_names_are_never_written_alike(one: str, other: str) -> None:
    line = Legible(100).line
    assert (line(one) == line(other)) == (one == other)


@given(ANY)
def test_what_is_written_is_printable_and_goes_from_left_to_right(name: str) -> None:
    for character in Legible(100).line(name):
        assert character in printable() | {"<"}
        assert unicodedata.bidirectional(character) not in {"R", "AL", "AN", "RLE", "RLO", "BN"}
        assert not unicodedata.combining(character)


@given(st.text(st.characters() | st.just(" "), max_size=200))
def test_lines_are_no_wider_and_no_space_stands_at_their_edge(name: str) -> None:
    written = Legible(WIDTH).name(name)
    for line in written.lines:
        text = "".join(piece.text for piece in line)
        assert len(text) <= WIDTH
        assert text == text.strip()
    assert flat(written).replace(code(" "), " ") == Legible(WIDTH).line(name).replace(
        code(" "), " "
    )
    assert written.exact == all(not piece.code for line in written.lines for piece in line)


@given(st.text(st.sampled_from("ab <é\u202e"), max_size=200))
def test_told_lines_are_no_wider_and_leave_out_spaces_only(text: str) -> None:
    written = Legible(WIDTH).told(text)
    assert all(sum(len(piece.text) for piece in line) <= WIDTH for line in written.lines)
    assert flat(written).replace(" ", "") == Legible(WIDTH).line(text).replace(" ", "")


def test_words_are_not_broken_where_they_need_not_be() -> None:
    written = Legible(10).told("one two three abcdefghijklmn")
    said = ["".join(piece.text for piece in line) for line in written.lines]
    assert said == ["one two", "three", "abcdefghij", "klmn"]


def test_what_is_too_long_is_counted() -> None:
    assert Legible(10, 4).name("abcdefg").left_out == 3
    assert flat(Legible(10, 4).name("abcdefg")) == "abcd"
    assert Legible(10, 4).told("abcdefg").left_out == 3
    assert Legible(10, 4).told("abc").left_out == 0


def test_letters_of_several_scripts_are_named() -> None:
    assert Legible(50).name("горы.png").scripts == ("Cyrillic", "Latin")
    assert Legible(50).name("ω1").scripts == ("Greek",)
    assert Legible(50).name("12 - 34").scripts == ()
