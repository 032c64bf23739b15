"""Bank files written by the tests, read by the importers."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from tutela.detection.signals.registry import SignalKinds
from tutela.lists.importers import BankFile, BankFileError, open_bank_file
from tutela.model import NewEntry

Open = Callable[..., BankFile]


@pytest.fixture
def opened(kinds: SignalKinds) -> Open:
    """Open the bytes of a bank file, named `list`."""

    def open_(data: bytes | str, **options: str | None) -> BankFile:
        raw = data.encode() if isinstance(data, str) else data
        return open_bank_file(io.BytesIO(raw), kinds, name="list", **options)  # type: ignore[arg-type]

    return open_


@pytest.fixture
def entries(opened: Open) -> Callable[..., list[NewEntry]]:
    """All entries of the bytes of a bank file."""
    return lambda data, **options: list(opened(data, **options))


@pytest.fixture
def refusal(opened: Open) -> Callable[..., str]:
    """The error text with which a bank file is refused; something must be wrong with it."""

    def refuse(data: bytes | str, **options: str | None) -> str:
        with pytest.raises(BankFileError) as caught:
            list(opened(data, **options))
        return str(caught.value)

    return refuse
