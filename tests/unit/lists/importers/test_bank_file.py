from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.columns import Columns, ColumnsBuilder
from tutela.lists.importers import BankFile, BankFileError, BankFormat, open_bank_file
from tutela.lists.snapshot import write_snapshot
from tutela.model import NewEntry, Signal

MD5 = "0123456789abcdef" * 2
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def entry(value: str = MD5, **facts: str) -> NewEntry:
    return NewEntry(signals=(Signal(kind="md5", value=value),), **facts)


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
