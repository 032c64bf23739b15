"""Signs a PDF as PAdES (baseline B-B), with a certificate that vouches for itself."""

from __future__ import annotations

import logging
from datetime import datetime
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tutela.evidence.custody.certificate import certificate_of

FIELD = "Custody"
"""Name of the field of the signature."""
REASON = "Custody of one item of evidence"


def sign_pdf(pdf: bytes, key: ec.EllipticCurvePrivateKey, at: datetime) -> bytes:
    """A PDF with a signature that allows no change after it; blocks, and asks nobody.

    Args:
        pdf: without a signature.
        key: ECDSA P-256.
        at: when it was signed, as the signature says.
    """
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        reason=REASON,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    # It has no picture: what readers see of it, the pages say. PDF/UA wants it outside of the page.
    place = SigFieldSpec(FIELD, invis_sig_settings=InvisSigSettings(box_out_of_bounds=True))
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    out = BytesIO()
    _Signer(metadata, _signer(key), at, place).sign_pdf(_Appended(BytesIO(pdf)), output=out)
    return out.getvalue()


class _Appended(IncrementalPdfFileWriter):
    """Leaves what the PDF says of itself as it is: its version, and when it was changed."""

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """PDF/A-3 is PDF 1.7, which knows this signature by another standard's name."""

    def register_extension(self, ext: DeveloperExtension) -> None:
        """Nothing that PDF/A-3 would have to know."""

    def _update_meta(self) -> None:
        pass


class _Signer(PdfSigner):
    """Takes the time from whoever asks, not from the clock and zone of the machine."""

    def __init__(
        self,
        metadata: PdfSignatureMetadata,
        signer: SimpleSigner,
        at: datetime,
        place: SigFieldSpec,
    ) -> None:
        super().__init__(metadata, signer, new_field_spec=place)
        self._at = at

    def init_signing_session(
        self,
        pdf_out: BasePdfFileWriter,
        existing_fields_only: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def _signer(key: ec.EllipticCurvePrivateKey) -> SimpleSigner:
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = certificate_of(key).public_bytes(Encoding.DER)
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
