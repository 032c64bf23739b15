from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.lists.importers import BankFile, BankFormat
from tutela.model import NewEntry, Signal

MD5 = "0123456789abcdef" * 2
SHA1 = "01234567" * 5
PDQ = "0123456789abcdef" * 4

Entries = Callable[..., list[NewEntry]]
Refusal = Callable[..., str]


def signals(found: list[NewEntry]) -> list[Signal]:
    return [signal for entry in found for signal in entry.signals]


def test_bare_values_tell_their_kind_by_their_length(entries: Entries) -> None:
    found = entries(f"# a list\n\n{MD5}\n  {SHA1.upper()}  \r\n{MD5}")
    assert signals(found) == [
        Signal(kind="md5", value=MD5),
        Signal(kind="sha1", value=SHA1),
        Signal(kind="md5", value=MD5),
    ]


def test_type_and_value_are_separated_by_any_space(entries: Entries) -> None:
    found = entries(f"pdq {PDQ}\nSHA-256\t{PDQ}\nmd5   {MD5}\n")
    assert [signal.kind for signal in signals(found)] == ["pdq", "sha256", "md5"]


@pytest.mark.parametrize("kind", ["pdq", "sha256"])
def test_a_named_kind_settles_what_the_length_cannot(entries: Entries, kind: str) -> None:
    assert signals(entries(f"{PDQ}\nmd5 {MD5}\n", default_kind=kind)) == [
        Signal(kind=kind, value=PDQ),
        Signal(kind="md5", value=MD5),
    ]


def test_64_digits_without_a_kind_are_refused_at_once(refusal: Refusal) -> None:
    assert refusal(f"{MD5}\n{PDQ}\n" + f"{PDQ}\n" * 10) == (
        "list: the bank file has one problem, so nothing of it was used; mend the file and try "
        "again\n"
        "  line 2: a bare value of 64 digits may be pdq or sha256: say which kind the file holds "
        "(--bank-type), or write `type value`"
    )


def test_bad_lines_are_named_by_number_and_never_by_value(refusal: Refusal) -> None:
    text = refusal(f"md5 xyz\nunheard-of {PDQ}\nabc\nmd5,{MD5}\n{MD5}\n")
    assert text == GOLDEN


GOLDEN = """\
list: the bank file has 4 problems, so nothing of it was used; mend the file and try again
  line 1: expected an MD5 fingerprint: 32 hexadecimal digits
  line 2: is not `type value` or a bare signal of a known kind (md5, pdq, sha1, sha256)
  line 3: is not `type value` or a bare signal of a known kind (md5, pdq, sha1, sha256)
  line 4: is not a signal; a table needs a first line that names the columns type and value"""


def test_the_empty_file_is_left_out(opened: Callable[..., BankFile]) -> None:
    file = opened("d41d8cd98f00b204e9800998ecf8427e\n")
    assert list(file) == []
    assert file.left_out == {"fingerprint of an empty file": 1}


def test_a_line_without_end_is_refused_before_it_fills_memory(refusal: Refusal) -> None:
    assert "line 1: is longer than 1048576 characters" in refusal(b"a" * (3 << 20))


def test_broken_utf16_is_refused(refusal: Refusal) -> None:
    data = f"{MD5}\n".encode("utf-16") + b"\x00\xd8\x00\xd8"
    assert "from here on, the text is not valid UTF-16" in refusal(data)


def test_an_empty_list_is_a_list(opened: Callable[..., BankFile]) -> None:
    file = opened("\n# nothing yet\n")
    assert file.format is BankFormat.LINES
    assert list(file) == []
