from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.signals.registry import SignalKinds, builtin_kinds
from tutela.errors import InvalidInput
from tutela.lists.columns import Columns, ColumnsBuilder
from tutela.lists.importers import BankFile, BankFileError, BankFormat, open_bank_file
from tutela.lists.snapshot import write_snapshot
from tutela.model import NewEntry, Signal

MD5 = "0123456789abcdef" * 2
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def entry(value: str = MD5, **facts: str) -> NewEntry:
    return NewEntry(signals=(Signal(kind="md5", value=value),), **facts)  # type: ignore[arg-type]


def snapshot(path: Path, kinds: SignalKinds, *entries: NewEntry) -> Path:
    builder = ColumnsBuilder(kinds)
    builder.add_bank("drill")
    for each in entries:
        builder.add(each)
    write_snapshot(path, builder.build())
    return path


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (f"type,value\nmd5,{MD5}\n", BankFormat.CSV),
        (f"{MD5}\n", BankFormat.LINES),
        (f"md5 {MD5}\n", BankFormat.LINES),
        ('\n {"value": []}', BankFormat.VICS),
    ],
)
def test_the_format_is_told_from_the_content(
    kinds: SignalKinds, tmp_path: Path, data: str, form: BankFormat
) -> None:
    path = tmp_path / "list.dat"
    path.write_text(data)
    file = open_bank_file(path, kinds)
    assert file.format is form
    file.close()


def test_a_snapshot_is_read_like_any_other(kinds: SignalKinds, tmp_path: Path) -> None:
    path = snapshot(tmp_path / "x.csv", kinds, entry(label="a"), entry("ab" * 16))
    for source in (path, io.BytesIO(path.read_bytes())):
        file = open_bank_file(source, kinds)
        assert file.format is BankFormat.SNAPSHOT
        assert list(file) == [entry(label="a"), entry("ab" * 16)]


def test_a_snapshot_that_was_made_to_harm_is_refused_by_record(
    kinds: SignalKinds, tmp_path: Path
) -> None:
    path = snapshot(
        tmp_path / "x",
        kinds,
        entry(),
        entry(label="nul\0"),
        NewEntry(signals=()),
        entry(note="x" * 2001),
        entry(EMPTY_MD5),
    )
    file = open_bank_file(path, kinds, name="x")
    with pytest.raises(BankFileError) as caught:
        list(file)
    assert str(caught.value).splitlines()[1:] == [
        "  record 2, member label: holds a NUL character",
        "  record 3: has no signal",
        "  record 4, member note: longer than 2000 characters",
    ]
    assert file.left_out == {"fingerprint of an empty file": 1}


def test_facts_that_are_not_json_are_an_error(kinds: SignalKinds, tmp_path: Path) -> None:
    builder = ColumnsBuilder(kinds)
    builder.add_bank("drill")
    builder.add(entry())
    columns: Columns = builder.build()
    broken = columns._replace(fact_text=np.zeros_like(columns.fact_text))
    write_snapshot(tmp_path / "x", broken)
    with pytest.raises(InvalidInput, match="the facts of an entry cannot be read"):
        list(open_bank_file(tmp_path / "x", kinds))


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\0" * 100, b"ab\0\0cd"])
def test_other_files_are_refused(kinds: SignalKinds, data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"picture\.csv: this is not a bank file"):
        open_bank_file(io.BytesIO(data), kinds, name="picture.csv")


def test_a_file_that_cannot_be_read_is_named(kinds: SignalKinds, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.csv: the bank file cannot be read \(No such"):
        open_bank_file(tmp_path / "none.csv", kinds)
    with pytest.raises(InvalidInput, match="Is a directory"):
        open_bank_file(tmp_path, kinds)


def test_a_pipe_is_refused(kinds: SignalKinds, tmp_path: Path) -> None:
    """What `--bank <(zcat list.csv.gz)` hands over: formats are told from a second look."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(InvalidInput, match="the bank file is a pipe; save it to a file first"):
            open_bank_file(pipe, kinds)
    finally:
        os.close(keeper)


def test_an_unknown_kind_of_bare_values_is_refused(kinds: SignalKinds) -> None:
    with pytest.raises(InvalidInput):
        open_bank_file(io.BytesIO(b""), kinds, default_kind="md6")


def test_everything_is_read_before_a_file_is_refused(opened: Callable[..., BankFile]) -> None:
    """Good rows on both sides of a bad one are handed out; the caller undoes them."""
    found: list[NewEntry] = []
    file = opened(f"type,value\nmd5,{MD5}\nmd5,x\nmd5,{MD5}\nmd5,y\n")
    with pytest.raises(BankFileError) as caught:
        found.extend(file)
    assert found == [entry(), entry()]
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [
        (3, "value"),
        (5, "value"),
    ]
    assert caught.value.total == 2


@pytest.mark.parametrize(
    "data",
    [
        f"type,value\nmd5,{MD5}\n",
        f"{MD5}\n" * 20_000,
        '{"value": [' + ",".join([f'{{"MD5": "{MD5}", "Category": 1}}'] * 9000) + "]}",
    ],
)
def test_progress_adds_up_to_the_size(kinds: SignalKinds, data: str) -> None:
    steps: list[int] = []
    file = open_bank_file(io.BytesIO(data.encode()), kinds, progress=steps.append)
    list(file)
    assert sum(steps) == file.size == len(data)


def test_a_path_is_closed_and_a_stream_stays_open(kinds: SignalKinds, tmp_path: Path) -> None:
    stream = io.BytesIO(f"{MD5}\n".encode())
    assert len(list(open_bank_file(stream, kinds))) == 1
    assert not stream.closed
    path = tmp_path / "list"
    path.write_text(f"{MD5}\n")
    file = open_bank_file(path, kinds)
    list(file)
    assert file._stream.closed


def _valid_files() -> list[bytes]:
    kinds = builtin_kinds()
    stream = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = snapshot(Path(folder, "x"), kinds, entry(label="a"), entry("ab" * 16))
        stream.write(path.read_bytes())
    media = {"MediaID": 1, "Category": 1, "MD5": MD5, "AlternativeHashes": [{"HashName": "PDQ"}]}
    vics = json.dumps({"@odata.context": "x/US/$metadata#Cases", "value": [{"Media": [media] * 3}]})
    return [
        f'type,value,label\r\nmd5,{MD5},"a ""b"""\r\nsha1,{"ab" * 20},\r\n'.encode(),
        f"type;value\nmd5;{MD5}\n".encode("utf-16"),
        f"# list\n{MD5}\nmd5 {MD5}\n".encode(),
        vics.encode(),
        vics.encode("utf-16-be"),
        stream.getvalue(),
    ]


VALID = _valid_files()


@given(
    file=st.sampled_from(VALID),
    edits=st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=6)), max_size=6
    ),
)
@settings(max_examples=400, deadline=None)
def test_whatever_is_in_a_file_it_is_read_or_refused(
    file: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    data = bytearray(file)
    for at, removed, added in edits:
        data[at % len(file) : at % len(file) + removed] = added
    entries: list[NewEntry] = []
    with suppress(InvalidInput):
        entries += open_bank_file(io.BytesIO(bytes(data)), builtin_kinds())
    assert all(each.signals for each in entries)


def test_the_digest_is_of_the_file_as_it_is(tmp_path: Path, kinds: SignalKinds) -> None:
    path = tmp_path / "bank.csv"
    path.write_bytes(b"\xef\xbb\xbftype,value\r\nmd5," + MD5.encode() + b"\r\n")
    for source in (path, io.BytesIO(path.read_bytes())):
        file = open_bank_file(source, kinds)
        assert file.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert list(file) == [entry()]
