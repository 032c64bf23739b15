"""Packs: the shipped ones hold together, and what is wrong with one is said with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from tutela.errors import BadConfiguration
from tutela.model import SurfaceClass
from tutela.policy.law.loading import read_pack, shipped
from tutela.policy.law.records import Category, Pack, Status

TODAY = date(2026, 11, 30)
READ = date(2026, 11, 22)
"""When all but the categories was looked at."""
GOLDEN = Path(__file__).parent / "golden"
WRONG = sorted(path.name for path in (GOLDEN / "packs").glob("*.yaml"))
LINES = (GOLDEN / "packs" / "errors.txt").read_text().splitlines()
MEMBERS = {"AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE"} | {
    "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"
}  # fmt: skip


@pytest.fixture(scope="module")
def packs() -> dict[str, Pack]:
    return {pack.id: pack for pack in shipped(TODAY)}


def test_the_shipped_packs_are_those_of_six_places(packs: dict[str, Pack]) -> None:
    assert list(packs) == ["au", "ca", "eu", "nz", "uk", "us"]
    assert len(MEMBERS) == 27
    assert set(packs["eu"].regions.codes) > MEMBERS | {"EU"}


def test_every_value_has_its_source_and_the_day_it_was_checked(packs: dict[str, Pack]) -> None:
    found = [item for pack in packs.values() for _, item in pack.items()]
    assert len(found) > 100
    assert all(item.source.title for item in found)
    days = {type(item) is Category: set[date]() for item in found}
    for item in found:
        days[type(item) is Category].add(item.checked)
    assert days == {False: {READ}, True: {TODAY}}
    assert {item.status for item in found} == set(Status)
    assert all(set(pack.scan) == set(SurfaceClass) for pack in packs.values())


def test_every_pack_says_what_reporting_needs(packs: dict[str, Pack]) -> None:
    for pack in packs.values():
        assert pack.recipients
        assert pack.clocks
        assert {"content", "report-reference", "user-data"} <= set(pack.retention)
        assert "report-abuse" in pack.texts


def test_private_messages_are_off_in_the_union_and_marked_as_open(packs: dict[str, Pack]) -> None:
    switch = packs["eu"].scan[SurfaceClass.PRIVATE_MESSAGES]
    assert (switch.may_scan, switch.status) == (False, Status.UNSETTLED)
    assert "3 April 2026" in switch.reason
    assert "3 April 2028" in switch.note


def test_categories_are_those_that_are_in_use(packs: dict[str, Pack]) -> None:
    grades = {
        name: [one.grade for one in pack.categories.values()]
        for name, pack in packs.items()
        if pack.categories
    }
    assert grades == {
        "uk": ["uk:A", "uk:B", "uk:C"],
        "us": ["industry:A1", "industry:A2", "industry:B1", "industry:B2"],
    }
    for pack in packs.values():
        for one in pack.categories.values():
            assert one.status is not Status.READ  # second-hand, and said to be
            assert len(one.label) < 40


def test_what_is_encrypted_is_scanned_nowhere(packs: dict[str, Pack]) -> None:
    switches = [pack.scan[SurfaceClass.ENCRYPTED_MESSAGES] for pack in packs.values()]
    assert not any(switch.may_scan for switch in switches)


def test_a_pack_says_yes_to_private_messages_only_on_a_source(packs: dict[str, Pack]) -> None:
    switches = [pack.scan[SurfaceClass.PRIVATE_MESSAGES] for pack in packs.values()]
    assert all(switch.status is not Status.UNSETTLED for switch in switches if switch.may_scan)


def test_a_version_is_a_digest_of_all_values(packs: dict[str, Pack]) -> None:
    pack = packs["uk"]
    again = read_pack(Path(__file__).parents[4] / "src/tutela/policy/law/packs/uk.yaml", TODAY)
    assert again.version == pack.version
    assert msgspec.json.decode(pack.text, type=Pack) == pack
    assert msgspec.structs.replace(pack, about="otherwise").version != pack.version


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line).partition(":")[0])
def test_what_is_wrong_is_said(
    line: str, packs: dict[str, Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GOLDEN / "packs")
    with pytest.raises(BadConfiguration) as caught:
        read_pack(Path(line.partition(":")[0]), TODAY, beside=packs.values())
    assert str(caught.value) == line


def test_each_golden_text_has_its_pack() -> None:
    assert [line.partition(":")[0] for line in LINES] == WRONG


def test_without_the_mistake_it_is_taken(packs: dict[str, Pack]) -> None:
    pack = read_pack(GOLDEN / "pack.yaml", TODAY, beside=packs.values())
    assert (pack.id, pack.regions.codes) == ("xx", ("XX",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"pack: x\xe9\n", "pack.yaml:1: the file is not UTF-8"),
        (b"#" * 300_000, "such a file may have 262,144 bytes"),
        (b"[" * 2_000, "this is not YAML"),
        (b"pack: \x01\n", "this character cannot stand in a text file"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "pack.yaml"
    path.write_bytes(content)
    with pytest.raises(BadConfiguration) as caught:
        read_pack(path, TODAY)
    assert said in str(caught.value)


def test_a_clock_that_is_behind_does_not_keep_the_shipped_packs_from_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tutela.policy.law.loading.datetime", Before)
    assert len(shipped()) == 6
    with pytest.raises(BadConfiguration, match="lies in the future"):
        read_pack(GOLDEN / "pack.yaml")


class Before:
    """A clock of the last century."""

    @staticmethod
    def now(_: object) -> datetime:
        return datetime(1999, 12, 31, tzinfo=UTC)
