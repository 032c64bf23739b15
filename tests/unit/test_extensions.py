from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from tests.talks import made_rater

from tutela.conversations.raters import open_rater
from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import BadConfiguration
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.opening import NO_MAKERS, open_keys, open_store, open_vault
from tutela.evidence.vault.memory import MemoryStore
from tutela.extensions import POINTS, rater_makers, signal_kinds, vault_makers
from tutela.settings import Settings


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


class Things:
    """Stands in for the module of a package with a store and a key service."""

    @staticmethod
    def store(settings: Settings) -> MemoryStore:
        assert settings.vault.store == "mine"
        return MemoryStore()

    @staticmethod
    def keys(_: Settings) -> MemoryKeys:
        return MemoryKeys()

    @staticmethod
    def rater(_: Settings) -> CueRater:
        return made_rater()

    @staticmethod
    def nothing(_: Settings) -> object:
        return object()

    @staticmethod
    def fails(_: Settings) -> object:
        raise OSError

    @staticmethod
    def refuses(_: Settings) -> object:
        raise BadConfiguration("it needs a setting of its own", where="MINE_URL")

    TEXT = "no function"


def of(group: str, name: str) -> EntryPoint:
    return EntryPoint("mine", f"extension_of_a_test:{name}", group)


def test_an_installed_store_and_key_service_are_opened_by_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Things)
    made = vault_makers([of("tutela.blob_stores", "store")], [of("tutela.key_services", "keys")])
    settings = Settings.load(env={"TUTELA_VAULT_STORE": "mine", "TUTELA_VAULT_KEYS": "mine"})
    open_vault(settings, made).close()


def test_an_installed_rater_is_opened_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Things)
    makers = rater_makers([of("tutela.raters", "rater"), of("tutela.raters", "rater")])
    settings = Settings.load(env={"TUTELA_CONVERSATIONS_RATER": "mine"})
    assert open_rater(settings, makers).model == made_rater().model


@pytest.mark.parametrize("name", ["nothing", "fails"])
def test_a_rater_that_is_none_is_told_when_it_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Things)
    makers = rater_makers([of("tutela.raters", name)])
    with pytest.raises(BadConfiguration, match=r"tutela\.raters: mine"):
        open_rater(Settings.load(env={"TUTELA_CONVERSATIONS_RATER": "mine"}), makers)


@pytest.mark.parametrize("name", ["nothing", "fails", "refuses"])
def test_a_store_that_is_none_is_told_when_it_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Things)
    made = vault_makers([of("tutela.blob_stores", name)], [of("tutela.key_services", name)])
    where = "MINE_URL" if name == "refuses" else r"tutela\.blob_stores: mine"
    with pytest.raises(BadConfiguration, match=where):
        open_store(Settings.load(env={"TUTELA_VAULT_STORE": "mine"}), made)
    where = "MINE_URL" if name == "refuses" else r"tutela\.key_services: mine"
    with pytest.raises(BadConfiguration, match=where):
        open_keys(Settings.load(env={"TUTELA_VAULT_KEYS": "mine"}), made)


@pytest.mark.parametrize("name", ["TEXT", "MISSING"])
def test_a_store_that_cannot_be_loaded_stops_the_program(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "extension_of_a_test", Things)
    with pytest.raises(BadConfiguration, match=r"tutela\.blob_stores: mine"):
        vault_makers([of("tutela.blob_stores", name)], [])


def test_nothing_is_installed_here() -> None:
    assert [*signal_kinds().names] == [*builtin_kinds().names]
    assert vault_makers() == NO_MAKERS
    assert rater_makers() == {}


def test_every_point_has_its_protocol_and_its_contract() -> None:
    for one in POINTS:
        module, _, name = one.protocol.partition(":")
        assert hasattr(import_module(module), name)
        assert (Path(__file__).parents[2] / one.contract).is_file()
