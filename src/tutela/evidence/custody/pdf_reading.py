"""Reads a custody PDF: whether its signature covers all of it, by which key, and the data in it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from tutela.errors import InvalidInput
from tutela.evidence.custody.typesetting import DATA_NAME
from tutela.model.record import Record

BEGINNING = b"%PDF-"
_DEPTH = 8  # levels of the tree of names that are followed
_FILES = 100


class PdfFound(Record, frozen=True, kw_only=True):
    """What was found in a PDF.

    Attributes:
        data: the signed JSON within it.
        certificate: SHA-256 of the certificate that signed it (DER), hex; empty if none did.
        key: the public key of that certificate, as X.509 has it (SubjectPublicKeyInfo, DER).
        problem: why the signature does not hold for the whole file; empty where it does.
    """

    data: bytes
    certificate: str = ""
    key: bytes = b""
    problem: str = ""


def read_pdf(pdf: bytes) -> PdfFound:
    """Read and verify a PDF; asks nobody, and trusts any key: the caller compares it.

    Raises:
        InvalidInput: it is no PDF that holds custody data.
    """
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    try:
        reader = PdfFileReader(BytesIO(pdf))
        data = _data(reader)
        signatures = list(reader.embedded_signatures)
    except Exception:  # noqa: BLE001 - a parser may fail in any way on what others made
        data, signatures = None, []
    if data is None:
        raise InvalidInput(
            "this PDF holds no custody data, or is damaged",
            where="document",
            remedy="hand in the PDF as tutela evidence export wrote it",
        )
    if len(signatures) != 1:
        said = "it has no signature" if not signatures else "it has more than one signature"
        return PdfFound(data=data, problem=said)
    return _verified(data, signatures[0])


def _verified(data: bytes, signature: EmbeddedPdfSignature) -> PdfFound:
    try:
        certificate = signature.signer_cert
        # No revocation, no fetching: the certificate vouches for itself, and is compared by digest.
        context = ValidationContext(trust_roots=[certificate], allow_fetching=False)
        status = validate_pdf_signature(signature, context)
        fingerprint = hashlib.sha256(certificate.dump()).hexdigest()
        problem = ""
        if not status.intact or not status.valid:
            problem = "it was altered after it was signed"
        elif status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
            problem = "something was added after it was signed"
        elif not status.bottom_line:
            problem = "its certificate does not hold"
        key = certificate.public_key.dump()
    except Exception:  # noqa: BLE001 - as above
        return PdfFound(data=data, problem="its signature cannot be read")
    return PdfFound(data=data, certificate=fingerprint, key=key, problem=problem)


def _data(reader: PdfFileReader) -> bytes | None:
    found = [
        spec["/EF"]["/F"].data
        for name, spec in _files(reader.root["/Names"]["/EmbeddedFiles"], _DEPTH)
        if name == DATA_NAME
    ]
    return bytes(found[0]) if len(found) == 1 else None


def _files(node: Any, depth: int) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - objects of a PDF
    """Names and descriptions of the files within."""
    if not depth:
        return
    names = node.get("/Names", ())
    for at in range(0, min(len(names), 2 * _FILES), 2):
        yield str(names[at]), names[at + 1]
    for child in list(node.get("/Kids", ()))[:_FILES]:
        yield from _files(child.get_object(), depth - 1)
