from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.signals.registry import builtin_kinds
from tutela.lists.importers import BankFile, BankFormat, open_bank_file
from tutela.lists.importers.delimited import delimiter_of
from tutela.model import NewEntry, Signal

MD5 = "0123456789abcdef" * 2
PDQ = "0123456789abcdef" * 4
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"

Entries = Callable[..., list[NewEntry]]
Refusal = Callable[..., str]


def entry(kind: str, value: str, **facts: str) -> NewEntry:
    return NewEntry(signals=(Signal(kind=kind, value=value),), **facts)  # type: ignore[arg-type]


def test_a_table_gives_entries_with_their_facts(entries: Entries) -> None:
    found = entries(
        "type,value,label,category,scheme,source,note\r\n"
        f"pdq,{PDQ},mountain lake,1,US,drill,seen twice\r\n"
        f"md5,{MD5},,,,,\r\n"
    )
    assert found == [
        entry(
            "pdq",
            PDQ,
            label="mountain lake",
            category="1",
            scheme="US",
            source="drill",
            note="seen twice",
        ),
        entry("md5", MD5),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(
    entries: Entries, delimiter: str, encoding: str, line_end: str
) -> None:
    rows = [("value", "Type", "label"), (MD5, "MD5", "Zürich"), (PDQ, " pdq ", "a, b; c")]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    found = entries(text.getvalue().encode(encoding))
    assert found == [entry("md5", MD5, label="Zürich"), entry("pdq", PDQ, label="a, b; c")]


def test_comments_and_blank_lines_may_stand_before_the_header(entries: Entries) -> None:
    assert entries(f"# made by hand\n\ntype,value\n\nmd5,{MD5}\n\n") == [entry("md5", MD5)]


def test_a_row_may_leave_its_last_cells_out(entries: Entries) -> None:
    assert entries(f"type,value,label,note\nmd5,{MD5}\n") == [entry("md5", MD5)]


@pytest.mark.parametrize("name", ["SHA-1", "sha1", "sha_1", "Sha1 "])
def test_kinds_may_be_written_in_different_ways(entries: Entries, name: str) -> None:
    assert entries(f"type,value\n{name},{'AB' * 20}\n") == [entry("sha1", "ab" * 20)]


def test_quoted_line_ends_do_not_shift_line_numbers(refusal: Refusal) -> None:
    text = refusal(f'type,value,note\nmd5,{MD5},"first\nsecond\nthird"\nmd5,{MD5},x\nmd5,wrong,\n')
    assert "line 6, column value: " in text


def test_the_empty_file_is_left_out_and_counted(opened: Callable[..., BankFile]) -> None:
    file = opened(f"type,value\nmd5,{EMPTY_MD5}\nmd5,{EMPTY_MD5.upper()}\nmd5,{MD5}\n")
    assert list(file) == [entry("md5", MD5)]
    assert file.left_out == {"fingerprint of an empty file": 2}


def test_columns_that_are_not_known_are_named_by_number(opened: Callable[..., BankFile]) -> None:
    file = opened(f"type,id,value,weight\nmd5,7,{MD5},3\n")
    assert list(file) == [entry("md5", MD5)]
    assert file.left_out == {"column that is not known (2, 4)": 1}


def test_every_bad_row_is_named_by_place_and_never_by_value(refusal: Refusal) -> None:
    long = "x" * 2001
    text = refusal(
        "type,value,label\n"
        "md5,not-a-digest,a\n"
        f"secret-kind,{MD5},b\n"
        f",{MD5},c\n"
        "pdq,,d\n"
        f"md5,{MD5},{long}\n"
        f"md5,{MD5},e,extra\n"
        f'md5,"{MD5}"x,f\n'
        f"md5,{MD5},good\n"
    )
    assert text == GOLDEN


GOLDEN = """\
list: the bank file has 7 problems, so nothing of it was used; mend the file and try again
  line 2, column value: expected an MD5 fingerprint: 32 hexadecimal digits
  line 3, column type: is not a signal kind; known are md5, pdq, sha1, sha256
  line 4, column type: is empty
  line 5, column value: is empty
  line 6, column label: longer than 2000 characters
  line 7: has 4 cells, the header has 3
  line 8: the quotes are broken, or a cell is too long"""


def test_a_nul_character_is_a_problem(refusal: Refusal) -> None:
    rows = f"md5,{MD5},fine\n" * 2000
    text = refusal(f"type,value,label\n{rows}md5,{MD5},nul\0\n")
    assert "line 2002, column label: holds a NUL character" in text


def test_a_quote_that_is_never_closed_is_a_problem(refusal: Refusal) -> None:
    assert "line 2: the quotes are broken" in refusal(f'type,value\nmd5,"{MD5}\nmd5,{MD5}\n')


def test_text_that_is_not_utf8_is_named_by_line(refusal: Refusal) -> None:
    data = f"type,value,label\nmd5,{MD5},".encode() + b"caf\xe9\n"
    assert "line 2, column label: is not valid UTF-8" in refusal(data)


@pytest.mark.parametrize("text", ["", "# nothing\n", f"md5,{MD5}\n", f"value\n{MD5}\n"])
def test_a_table_without_a_header_is_refused(refusal: Refusal, text: str) -> None:
    assert "does not name the columns type and value" in refusal(text, form=BankFormat.CSV)


@pytest.mark.parametrize("char", ["\x0b", "\x1c", "\x85", "\u2028"])
def test_a_line_ends_where_csv_says(entries: Entries, char: str) -> None:
    assert entries(f"type,note{char},value\nmd5,,{MD5}\n") == [entry("md5", MD5)]


def test_a_column_named_twice_is_refused(refusal: Refusal) -> None:
    assert "line 1, column label: is named twice" in refusal("type,value,label,LABEL\n")


def test_only_the_first_hundred_problems_are_listed(refusal: Refusal) -> None:
    text = refusal("type,value\n" + "md5,wrong\n" * 250)
    assert "the bank file has 250 problems" in text
    assert "line 101, column value" in text
    assert "line 102" not in text
    assert text.endswith("  and 150 more")


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("type,value", ","),
        ('"value";"type"', ";"),
        ("label\ttype\tvalue", "\t"),
        ("type value", None),
        (f"md5,{MD5}", None),
        ("", None),
        ("type,label", None),
    ],
)
def test_a_header_tells_its_delimiter(line: str, delimiter: str | None) -> None:
    assert delimiter_of(line) == delimiter


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(
    rows=st.lists(st.tuples(st.binary(min_size=32, max_size=32), TEXT, TEXT), max_size=20),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_csv_writes_is_read_back(
    rows: list[tuple[bytes, str, str]], delimiter: str, encoding: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["type", "value", "label", "note"])
    writer.writerows(["pdq", value.hex(), label, note] for value, label, note in rows)
    stream = io.BytesIO(text.getvalue().encode(encoding))
    file = open_bank_file(stream, builtin_kinds())
    assert file.format is BankFormat.CSV
    assert list(file) == [
        entry("pdq", value.hex(), label=label.strip(), note=note.strip())
        for value, label, note in rows
    ]


def test_a_row_may_carry_a_distance_of_its_own(entries: Entries) -> None:
    found = entries(f"distance,type,value\n7,md5,{MD5}\n,md5,{MD5}\n 31 ,pdq,{PDQ}\n0,pdq,{PDQ}\n")
    assert [one.distance for one in found] == [7, None, 31, 0]
    assert all(one.distance is None for one in entries(f"type,value\nmd5,{MD5}\n"))


@pytest.mark.parametrize("cell", ["32", "-1", "x", "1.5", "\u0661", "9" * 5000])
def test_a_distance_that_is_none_is_named_by_its_place(refusal: Refusal, cell: str) -> None:
    said = refusal(f"type,value,distance\nmd5,{MD5},{cell}\n")
    assert "line 2, column distance: is not a whole number from 0 to 31" in said


def test_the_distance_column_is_named_once(refusal: Refusal) -> None:
    said = refusal(f"type,value,distance,distance\nmd5,{MD5},1,2\n")
    assert "column distance: is named twice" in said
