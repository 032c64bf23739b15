from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tutela.errors import InvalidInput
from tutela.lists.replacing import replacing


def test_a_file_appears_whole_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with replacing(path) as stream:
        stream.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_after_an_error_everything_is_as_before(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"before")

    def write_half() -> None:
        with replacing(path) as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert [each.name for each in tmp_path.iterdir()] == ["report.csv"]
    assert path.read_bytes() == b"before"


def test_a_link_keeps_pointing_to_the_file(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"before")
    link = tmp_path / "link"
    link.symlink_to(target)
    with replacing(link) as stream:
        stream.write(b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_devices_and_folders_are_not_replaced(tmp_path: Path) -> None:
    for path in (Path("/dev/null"), tmp_path):
        with pytest.raises(InvalidInput, match="not a regular file"), replacing(path):
            pass
    assert Path("/dev/null").is_char_device()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "report.csv"
    with pytest.raises(InvalidInput, match=r"report\.csv: cannot be written"), replacing(path):
        pass
