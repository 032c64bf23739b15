"""The certificate of the key that signs PDFs. It vouches for itself: readers compare its digest."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

FROM = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any key was made, so that a clock that is slow refuses none."""
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What RFC 5280 writes where a certificate has no end."""


def certificate_of(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The certificate of a key: always the same of the same key."""
    public = key.public_key()
    digest = hashlib.sha256(
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).digest()
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Tutela custody documents {digest.hex()[:16]}")]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(int.from_bytes(digest[:16]) >> 1)
        .not_valid_before(FROM)
        .not_valid_after(NEVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate's DER, in hex: what readers of PDF show."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
