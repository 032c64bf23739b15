"""Rulings: which pack covers a place, and what it says of a surface."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import BadConfiguration
from tutela.model import EventKind, GapReason, SurfaceClass
from tutela.policy.law.law import NO_PACK, Law, not_permitted, unlawful
from tutela.policy.law.operator import Operator

TODAY = date(2026, 11, 22)
LAW = Law.load("", today=TODAY)
CODES = sorted(code for pack in LAW.packs.values() for code in pack.regions.codes)


def law_of(tmp_path: Path, text: str, *, scan_without_pack: bool = True) -> Law:
    file = tmp_path / "law.yaml"
    file.write_text(text)
    return Law.load(str(file), scan_without_pack=scan_without_pack, today=TODAY)


@pytest.mark.parametrize(
    ("region", "pack"),
    [
        ("GB", "uk"),
        ("GB-SCT", "uk"),
        ("US-CA", "us"),
        ("CA", "ca"),
        ("DE", "eu"),
        ("de-be", "eu"),
        ("EU", "eu"),
        ("AU-NSW", "au"),
        (" NZ ", "nz"),
        ("JP", None),
        ("", None),
        ("GBR", None),
        ("Germany", None),
        ("-", None),
    ],
)
def test_a_place_has_the_pack_of_its_country(region: str, pack: str | None) -> None:
    found = LAW.pack_of(region)
    assert (found.id if found else None) == pack


@given(st.sampled_from(CODES), st.from_regex(r"[A-Z0-9]{1,3}", fullmatch=True))
def test_every_part_of_a_country_has_its_pack(code: str, part: str) -> None:
    assert LAW.pack_of(f"{code}-{part}") is LAW.pack_of(code) is not None


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_words_of_a_client_get_a_ruling_or_none(region: str, surface: str) -> None:
    ruling = LAW.ruling(region, surface)
    assert ruling is None or ruling.pack in LAW.packs


def test_the_classes_mean_themselves_and_the_rest_is_private() -> None:
    assert [LAW.class_of(one.value) for one in SurfaceClass] == list(SurfaceClass)
    for surface in ("chat", "Public", "profile"):
        for kind in EventKind:
            assert LAW.class_of(surface, kind) is SurfaceClass.PRIVATE_MESSAGES


def test_an_event_without_a_surface_goes_by_what_happened(tmp_path: Path) -> None:
    found = {kind.value: LAW.class_of("", kind).value for kind in EventKind}
    assert found == {
        "upload": "public",
        "message": "private_messages",
        "contact": "private_messages",
        "stream": "livestream",
        "appeal": "public",
    }
    ruling = LAW.ruling("DE", "", EventKind.MESSAGE)
    assert ruling is not None
    assert not ruling.may_scan
    file = tmp_path / "law.yaml"
    file.write_text("other_surfaces: storage\n")
    said = Law.load(str(file))
    assert {said.class_of("", kind) for kind in EventKind} == {SurfaceClass.STORAGE}


def test_a_ruling_names_pack_version_reason_and_source() -> None:
    ruling = LAW.ruling("FR", "private_messages")
    assert ruling is not None
    assert unlawful(ruling)
    assert (ruling.pack, ruling.version) == ("eu", LAW.packs["eu"].version)
    assert "2021/1232" in ruling.source
    assert not ruling.overridden
    (gap,) = not_permitted(ruling).gaps
    assert gap.reason is GapReason.NOT_PERMITTED
    assert ruling.reason in gap.detail
    assert not unlawful(LAW.ruling("FR", "public"))


def test_the_operator_says_what_surfaces_are_and_where_home_is(tmp_path: Path) -> None:
    law = law_of(
        tmp_path, "surfaces: {feed: public, public: storage}\nother_surfaces: search\nhome: FR\n"
    )
    assert law.class_of("feed") is SurfaceClass.PUBLIC
    assert law.class_of("public") is SurfaceClass.STORAGE
    assert law.class_of("anything") is SurfaceClass.SEARCH
    home = law.ruling("", "feed")
    assert home is not None
    assert home.pack == "eu"


def test_an_override_shows_in_the_ruling(tmp_path: Path) -> None:
    law = law_of(
        tmp_path,
        "overrides:\n  - {path: eu.scan.private_messages.may_scan, value: true, reason: A basis.,"
        " decided_by: Counsel, date: 2026-01-02}\n",
    )
    ruling = law.ruling("FR", "private_messages")
    assert ruling is not None
    assert (ruling.may_scan, ruling.overridden, ruling.reason) == (True, True, "A basis.")
    assert ruling.source.startswith("decided by Counsel on 2026-01-02; instead of no (Regulation")
    other = law.ruling("FR", "encrypted_messages")
    assert other is not None
    assert not other.overridden
    assert other.version == ruling.version != LAW.packs["eu"].version


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"law\.yaml: the file cannot be read"):
        Law.load(str(tmp_path / "law.yaml"))


def test_without_a_pack_the_setting_decides(tmp_path: Path) -> None:
    assert LAW.ruling("JP", "public") is None
    careful = law_of(tmp_path, "home: JP\n", scan_without_pack=False).ruling("", "public")
    assert careful is not None
    assert (careful.pack, careful.may_scan) == (NO_PACK, False)


def test_a_part_of_a_country_may_have_a_pack_of_its_own(tmp_path: Path) -> None:
    golden = (Path(__file__).parent / "golden" / "pack.yaml").read_text()
    (tmp_path / "own.yaml").write_text(golden.replace("[XX]", "[US-CA]"))
    law = law_of(tmp_path, "packs: [own.yaml]\n")
    found = [law.pack_of(region) for region in ("US-CA", "US-NY", "US")]
    assert [pack.id for pack in found if pack] == ["xx", "us", "us"]


def test_categories_of_a_place_and_where_its_pack_has_none() -> None:
    def grades(law: Law, region: str) -> list[str]:
        return [one.grade for one in law.categories_of(region)]

    assert grades(LAW, "GB-SCT") == ["uk:A", "uk:B", "uk:C"]
    of_the_industry = ["industry:A1", "industry:A2", "industry:B1", "industry:B2"]
    for region in ("US", "FR", "", "XX"):
        assert grades(LAW, region) == of_the_industry
    assert Law(Operator()).categories_of("FR") == ()
