"""The operator's file: surfaces, home, overrides with who decided, and packs of their own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tutela.errors import BadConfiguration
from tutela.model import SurfaceClass
from tutela.policy.law.operator import read_operator
from tutela.policy.law.records import Override

TODAY = date(2026, 11, 22)
GOLDEN = Path(__file__).parent / "golden"
LINES = (GOLDEN / "laws" / "errors.txt").read_text().splitlines()


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line).partition(":")[0])
def test_what_is_wrong_is_said(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN / "laws")
    with pytest.raises(BadConfiguration) as caught:
        read_operator(line.partition(":")[0], TODAY)
    assert str(caught.value) == line


def test_each_golden_text_has_its_file() -> None:
    names = sorted(path.name for path in (GOLDEN / "laws").glob("*.yaml"))
    assert [line.partition(":")[0] for line in LINES] == names


def test_without_a_file_a_surface_that_nobody_named_counts_as_private() -> None:
    operator = read_operator("", TODAY)
    assert (operator.surfaces, operator.home) == ({}, "")
    assert operator.other_surfaces is None


def test_an_override_keeps_what_it_stands_instead_of() -> None:
    operator = read_operator(str(GOLDEN / "law.yaml"), TODAY)
    packs = {pack.id: pack for pack in operator.packs}
    override = Override(
        path="eu.scan.private_messages.may_scan",
        value="yes",
        instead_of="no",
        reason="Counsel found a basis.",
        decided_by="General Counsel",
        date=date(2026, 1, 2),
    )
    assert packs["eu"].overrides == (override,)
    assert packs["eu"].scan[SurfaceClass.PRIVATE_MESSAGES].may_scan
    shipped = {pack.id: pack for pack in read_operator("", TODAY).packs}
    assert packs["eu"].version != shipped["eu"].version
    assert packs["uk"].version == shipped["uk"].version


@pytest.mark.parametrize(
    ("path", "value", "instead_of"),
    [
        ("uk.regions.codes", "[GB, UK, GG]", "GB, UK"),
        ("us.retention.content.keep", "2 years", "1 year"),
        ("ca.recipients.c3p.through", "by telephone", ""),
        ("uk.forms.registration.fields", "[a, b]", "organisation, administrator, substitute"),
    ],
)
def test_any_value_can_be_overridden(
    tmp_path: Path, path: str, value: str, instead_of: str
) -> None:
    file = tmp_path / "law.yaml"
    file.write_text(
        f"overrides:\n  - {{path: {path}, value: {value}, reason: We know better.,"
        " decided_by: Counsel, date: 2026-03-04}\n"
    )
    (override,) = [one for pack in read_operator(str(file), TODAY).packs for one in pack.overrides]
    assert override.value == value.strip("[]")
    assert not instead_of or override.instead_of == instead_of


def test_a_pack_of_the_operators_own_covers_another_place(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text((GOLDEN / "pack.yaml").read_text())
    (tmp_path / "law.yaml").write_text(
        "packs: [own.yaml]\noverrides:\n  - {path: xx.clocks.report.within, value: 12 hours,"
        " reason: Sooner., decided_by: Counsel, date: 2026-03-04}\n"
    )
    operator = read_operator(str(tmp_path / "law.yaml"), TODAY)
    own = operator.packs[-1]
    assert (own.id, own.clocks["report"].within) == ("xx", "12 hours")
    assert own.clocks["report"].overrides[0].instead_of == "24 hours"
