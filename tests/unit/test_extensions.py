from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import BadConfiguration
from tutela.extensions import POINTS, signal_kinds


class Parity:
    """The smallest signal kind there can be: whether a file has an odd number of bytes."""

    name = "parity"
    bits = 8
    exact = True
    measure = builtin_kinds()["md5"].measure

    def parse(self, text: str) -> bytes:
        return bytes([int(text)])

    def text(self, value: bytes) -> str:
        return str(value[0])


PARITY = Parity()


def point(value: str) -> EntryPoint:
    return EntryPoint("mine", value, "tutela.signal_kinds")


@pytest.mark.parametrize("name", ["Parity", "PARITY"])
def test_an_installed_kind_stands_beside_the_built_in_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Holder)
    kinds = signal_kinds([point(f"extension_of_a_test:{name}")])
    assert [*kinds.names] == [*builtin_kinds().names, "parity"]
    assert kinds["parity"].parse("1") == b"\1"


class Holder:
    """Stands in for the module of another package."""

    Parity = Parity
    PARITY = PARITY
    NOTHING = object()


@pytest.mark.parametrize(
    "value", ["no_such_module:x", "extension_of_a_test:MISSING", "extension_of_a_test:NOTHING"]
)
def test_what_cannot_be_loaded_stops_the_program(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Holder)
    with pytest.raises(BadConfiguration, match=r"tutela\.signal_kinds: mine"):
        signal_kinds([point(value)])


def test_nothing_is_installed_here() -> None:
    assert [*signal_kinds().names] == [*builtin_kinds().names]


def test_every_point_has_its_protocol_and_its_contract() -> None:
    for one in POINTS:
        module, _, name = one.protocol.partition(":")
        assert hasattr(import_module(module), name)
        assert (Path(__file__).parents[2] / one.contract).is_file()
