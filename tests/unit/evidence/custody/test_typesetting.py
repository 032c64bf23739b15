from __future__ import annotations

import os
import re
import socket
import subprocess
import unicodedata
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.programs import needed

from tutela.evidence.custody.legible import Legible, printable
from tutela.evidence.custody.record import DRILL_MARK, CustodyRecord
from tutela.evidence.custody.typesetting import Typesetter
from tutela.model.custody.evidence import ItemFacts, ItemState, Step, StepKind
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.names import found

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

NAMES = st.text(
    st.characters() | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), min_size=1
)
few = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
DATA = b'{"a": "file"}'


def pages(pdf: bytes, *options: str) -> str:
    command = [needed("pdftotext", "poppler-utils"), *options, "-", "-"]
    return subprocess.run(command, input=pdf, check=True, capture_output=True).stdout.decode()


def close(text: str) -> str:
    """Without white space: where lines are broken is no matter here."""
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter()


@few
@given(NAMES)
@example("evil\u202egpj.exe")
@example("= heading *bold* $x$ #panic() `raw` @ref <label> \\ // /* ~ -- --- ... \"quote\" 'q'")
@example('#import "@preview/x:1.0.0"')
@example("ffi fl fi ff -> => != <= ...")
@example("👨‍👩‍👧‍👦🏳️‍🌈 e\u0301\u0302\u0303\u0304")
@example("שלום \u2067abc\u2069 \u202e")
@example("line\nline\r\nline\u2028line\x85")
@example(" a  b " * 20)
@example("\ud83d \udce9")
@example("very long " * 90)
@example("x" * 5000)
@example("\0\x01\x1b[31m")
def test_a_name_is_printed_as_it_is_written(
    making: Making, typesetter: Typesetter, name: str
) -> None:
    text, raw = found(name)
    pdf = typesetter.set(making.named(text, raw), DATA)
    written = Legible(72).name(text, bytes.fromhex(raw) if raw else None)
    expected = "".join(piece.text for piece in chain(*written.lines))
    assert f"Name{close(expected)}" in close(pages(pdf, "-raw"))


def test_spaces_within_a_name_are_printed(making: Making, typesetter: Typesetter) -> None:
    pdf = typesetter.set(making.named("my old mountain.png"), DATA)
    assert "my old mountain.png" in pages(pdf)


def test_every_letter_that_is_printed_as_itself_has_a_form(
    making: Making, typesetter: Typesetter
) -> None:
    """PDF/A refuses a letter that a font has not, so this fails if either font loses one."""
    letters = sorted(printable() - {" "})
    term = making.item().term
    for at in range(0, len(letters), 500):
        name = "".join(letters[at : at + 500])
        source = msgspec.structs.replace(term, source=" ".join(name))
        item = making.item(facts=making.named(name).item.facts, term=source)
        text = close(pages(typesetter.set(making.record(item), DATA), "-raw"))
        assert text.count(close(name)) >= 2  # the item's and the step's


def test_every_page_of_a_drill_says_so_and_no_page_of_evidence(
    making: Making, typesetter: Typesetter
) -> None:
    looks = [
        making.leaf(AuditKind.LOOK, making.item().id, making.item().created_at, {"n": number})
        for number in range(60)
    ]
    text = pages(typesetter.set(making.record(leaves=looks), DATA))
    each = text.removesuffix("\f").split("\f")
    assert len(each) > 3
    assert all(DRILL_MARK in page and making.item().id in page for page in each)
    assert all(f"page {n} of {len(each)}" in page for n, page in enumerate(each, 1))
    evidence = typesetter.set(making.record(making.item(drill=False)), DATA)
    assert "drill" not in pages(evidence).replace("drill-event-1", "").lower()


def test_the_chain_is_printed_step_by_step(making: Making, typesetter: Typesetter) -> None:
    steps = (
        Step(kind=StepKind.DISK, name="furniture.E01", digests={"md5": "0f" * 16}),
        Step(kind=StepKind.PARTITION, name="2 (NTFS)"),
        Step(kind=StepKind.PATH, name="C:\\Users\\x\\pictures.zip"),
        Step(kind=StepKind.MEMBER, name="alps/tour.mp4"),
        Step(kind=StepKind.FRAME, seconds=12.48),
    )
    facts = msgspec.structs.replace(making.item().facts, chain=steps)
    text = pages(typesetter.set(making.record(making.item(facts=facts)), DATA), "-layout")
    said = ["Image of a disk", "Partition", "File on a file system", "Member of an archive"]
    places = [text.index(f"{n}. ") for n in range(1, 6)]
    assert places == sorted(places)
    for words in (*said, "Picture of a video", "12.480 s", "C:\\Users\\x\\pictures.zip"):
        assert words in text
    assert "0f0f0f0f 0f0f0f0f" in text


def test_holds_destruction_and_touches_are_told(making: Making, typesetter: Typesetter) -> None:
    lifted = making.hold(
        2,
        "still needed",
        released_at=making.item().created_at + timedelta(days=9),
        released_by="session:8",
        release_reason="given back",
    )
    text = close(pages(typesetter.set(making.record(None, [making.hold(), lifted]), DATA)))
    for words in ("Hold 1: stands", "a court asked", "Hold 2: lifted", "given back", "session:8"):
        assert close(words) in text
    gone = making.item(
        state=ItemState.DESTROYED, facts=ItemFacts(), destroyed_at=making.item().created_at
    )
    text = close(pages(typesetter.set(making.record(gone), DATA)))
    assert close("the key that they were encrypted with no longer exists") in text
    assert "SHA-256" not in text.split("HowtoCheck")[0].split("Itsbytes")[1].split("Where")[0]


def test_a_record_without_anything_is_set(making: Making, typesetter: Typesetter) -> None:
    item = making.item(case_id=None, facts=ItemFacts(), state=ItemState.OWED, problem="it is full")
    record = msgspec.structs.replace(making.record(item), checkpoint=None, touches=())
    assert "it is full" in pages(typesetter.set(record, DATA))


def test_it_is_made_for_archives_and_for_everybody(making: Making, typesetter: Typesetter) -> None:
    pdf = typesetter.set(making.record(), DATA)
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    info = run(pdf, needed("pdfinfo", "poppler-utils"), "-")
    assert re.search(r"Tagged: +yes", info)
    assert re.search(r"Page size: .*A4", info)
    assert "Custody of item" in info
    names = {line.split()[0].partition("+")[2] for line in run(pdf, "pdffonts", "-").splitlines()}
    assert names - {""} == {"NotoSans-Regular", "DejaVuSansMono"}
    assert b"/Lang (en-GB)" in pdf or b"/Lang(en-GB)" in pdf


def test_the_data_is_within(making: Making, typesetter: Typesetter, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(typesetter.set(making.record(), DATA))
    command = [needed("pdfdetach", "poppler-utils"), "-save", "1", "-o", "data", "a.pdf"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "data").read_bytes() == DATA


def test_the_same_record_gives_the_same_pages_and_nobody_is_asked(
    making: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setitem(os.environ, "TYPST_FONT_PATHS", "/usr/share/fonts")
    record: CustodyRecord = making.record()
    assert Typesetter().set(record, DATA) == Typesetter().set(record, DATA)


def run(pdf: bytes, *command: str) -> str:
    return subprocess.run(command, input=pdf, check=True, capture_output=True).stdout.decode()
