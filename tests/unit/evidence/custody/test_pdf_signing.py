from __future__ import annotations

import os
import socket
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from tests.programs import needed

from tutela.errors import InvalidInput
from tutela.evidence.custody import document
from tutela.evidence.custody.certificate import certificate_of, fingerprint_of
from tutela.evidence.custody.pdf_reading import read_pdf
from tutela.evidence.custody.pdf_signing import sign_pdf
from tutela.evidence.custody.typesetting import Typesetter

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

AT = datetime(2026, 6, 2, 14, 5, 6, tzinfo=UTC)


class Signed:
    """A signed PDF, with the data in it and the pages before they were signed."""

    def __init__(self, making: Making) -> None:
        record = document.with_keys(making.record(), making.key)
        self.key = making.key.document_key
        self.data = document.sign(record, making.key)
        self.pages = Typesetter().set(record, self.data)
        self.pdf = sign_pdf(self.pages, self.key, AT)


@pytest.fixture(scope="module")
def signed(making: Making) -> Signed:
    return Signed(making)


def test_the_data_and_the_key_are_found_again(signed: Signed) -> None:
    found = read_pdf(signed.pdf)
    assert found.problem == ""
    assert found.data == signed.data
    assert found.certificate == fingerprint_of(certificate_of(signed.key))


def test_pdfsig_says_that_it_is_valid_and_covers_everything(signed: Signed, tmp_path: Path) -> None:
    (tmp_path / "custody.pdf").write_bytes(signed.pdf)
    said = pdfsig(tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "Tutela custody documents" in said


def test_the_validator_of_pyhanko_accepts_it(signed: Signed) -> None:
    (signature,) = PdfFileReader(BytesIO(signed.pdf)).embedded_signatures
    context = ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.signer_reported_dt == AT


def test_altered_pages_are_refused_by_both(signed: Signed, tmp_path: Path) -> None:
    place = signed.pdf.index(b"stream") + 40
    altered = signed.pdf[:place] + bytes([signed.pdf[place] ^ 1]) + signed.pdf[place + 1 :]
    (tmp_path / "custody.pdf").write_bytes(altered)
    assert "Signature is Valid." not in pdfsig(tmp_path)
    assert read_pdf(altered).problem == "it was altered after it was signed"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_can_be_altered_unnoticed(signed: Signed, place: float, bit: int) -> None:
    """But for the room that is left after the signature, which says nothing."""
    at = int(place * len(signed.pdf))
    altered = bytearray(signed.pdf)
    altered[at] ^= 1 << bit
    room = range(signed.pdf.rindex(b"/Contents"), signed.pdf.rindex(b"/ByteRange"))
    try:
        found = read_pdf(bytes(altered))
    except InvalidInput:
        return
    assert found.problem or at in room


def test_what_is_added_is_seen(signed: Signed) -> None:
    assert read_pdf(signed.pdf + b"\n%more\n").problem == "something was added after it was signed"


def test_a_pdf_without_a_signature_has_a_problem(signed: Signed) -> None:
    assert read_pdf(signed.pages).problem == "it has no signature"


@pytest.mark.parametrize("pdf", [b"%PDF-1.7", b"%PDF-", b"%PDF-1.7\n" + b"x" * 9999])
def test_what_is_no_pdf_with_data_is_refused(pdf: bytes) -> None:
    with pytest.raises(InvalidInput, match="no custody data"):
        read_pdf(pdf)


def test_a_pdf_of_somebody_else_is_refused(signed: Signed) -> None:
    renamed = signed.pdf.replace(b"custody.json", b"another.json").replace(
        b"custody\\056json", b"another\\056json"
    )
    with pytest.raises(InvalidInput, match="no custody data"):
        read_pdf(renamed)


def test_signing_leaves_the_pages_as_they_are_and_asks_nobody(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    again = sign_pdf(signed.pages, signed.key, AT)
    assert again.startswith(signed.pages)
    assert b"/Version" not in again[len(signed.pages) :]
    assert b"/M (D\\07220260602140506Z)" in again


def test_nothing_is_said_on_the_way(making: Making, capfd: pytest.CaptureFixture[str]) -> None:
    signed = Signed(making)
    read_pdf(signed.pdf)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_certificate_is_always_the_same_of_a_key() -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    assert fingerprint_of(certificate_of(key)) == fingerprint_of(certificate_of(key))
    assert fingerprint_of(certificate_of(key)) != fingerprint_of(certificate_of(other))


def pdfsig(folder: Path) -> str:
    env = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
    done = subprocess.run(
        [needed("pdfsig", "poppler-utils"), "custody.pdf"],
        cwd=folder,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout
