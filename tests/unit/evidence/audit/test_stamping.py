"""Time stamps of a real service: OpenSSL's, behind HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.programs import needed

from tutela.errors import BadConfiguration, InvalidInput
from tutela.evidence.audit.findings import Place
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.stamping import QUERY, Roots, StampFailed, Stamping, stamped_at
from tutela.evidence.audit.verifying import verify_log
from tutela.outgoing import Calls, FetchFailed
from tutela.storage.audit.reading import Checkpoint
from tutela.storage.custody_tables import audit_checkpoints

if TYPE_CHECKING:
    from tests.unit.evidence.audit.conftest import Grown

HOURS = timedelta(hours=24)
CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
Signed = tuple[x509.Certificate, rsa.RSAPrivateKey]


def certificate(name: str, by: Signed | None = None) -> Signed:
    """A certificate: of an authority, or of a service that an authority lets stamp."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(by[1] if by else key, hashes.SHA256()), key


class Service:
    """A time-stamping service; `spoil` changes what it answers."""

    def __init__(self, folder: Path) -> None:
        needed("openssl")
        self.asked = 0
        self.status = 200
        self.answer: bytes | None = None
        root = certificate("Authority of the tests")
        leaf, key = certificate("Clock of the tests", root)
        pem = NoEncryption()
        (folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
        (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, pem))
        (folder / "ts.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(root[0].public_bytes(Encoding.PEM))
        self._folder = folder
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == QUERY
                found = service.reply(body)
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(found)))
                self.end_headers()
                self.wfile.write(found)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/stamp"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def reply(self, query: bytes) -> bytes:
        self.asked += 1
        if self.answer is not None:
            return self.answer
        (self._folder / "query").write_bytes(query)
        subprocess.run(
            [
                *("openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query"),
                *("-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"),
            ],
            cwd=self._folder,
            check=True,
            capture_output=True,
        )
        return (self._folder / "reply").read_bytes()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "service"
    folder.mkdir()
    service = Service(folder)
    yield service
    service.close()


def stamping(service: Service, *, roots: Path | None = None, every: timedelta = HOURS) -> Stamping:
    calls = Calls(service.url, private=True, seconds=60)
    return Stamping(calls, Roots.read(roots or service.roots), every)


def test_a_checkpoint_is_stamped_and_the_stamp_verified(grown: Grown, service: Service) -> None:
    grown.grow(1)
    signer = Signer(grown.log, grown.key, grown.witness, stamping(service))
    assert signer.sign_if_more() is not None
    latest = grown.log.latest_checkpoint()
    assert latest is not None
    assert latest.token is not None
    moment = Roots.read(service.roots).verify(latest.token, latest.note)
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)
    assert stamped_at(latest.token, latest.note) == moment
    source = InDatabase(grown.log)
    findings = verify_log(source, grown.key.verifier, roots=Roots.read(service.roots))
    assert (findings.exit_code, findings.stamps) == (0, 1)
    findings = verify_log(source, grown.key.verifier)
    assert (findings.exit_code, findings.stamps) == (0, 0)
    assert "1 time stamps" in " ".join(findings.notes)


def test_openssl_verifies_the_stamp_of_the_note(
    grown: Grown, service: Service, tmp_path: Path
) -> None:
    stamped = stamping(service).stamp_if_due(grown.log)
    assert stamped is not None
    assert stamped.token is not None
    (tmp_path / "note").write_text(stamped.note)
    (tmp_path / "token").write_bytes(stamped.token)
    command = [
        needed("openssl"),
        "ts",
        "-verify",
        "-data",
        "note",
        "-in",
        "token",
        "-CAfile",
    ]
    done = subprocess.run([*command, service.roots], cwd=tmp_path, check=True, capture_output=True)
    assert b"Verification: OK" in done.stdout


def test_it_is_stamped_only_so_often(grown: Grown, service: Service) -> None:
    one = stamping(service)
    assert one.stamp_if_due(grown.log) is not None
    assert one.stamp_if_due(grown.log) is None
    grown.grow(1)
    grown.sign()
    assert one.stamp_if_due(grown.log) is None
    assert stamping(service, every=timedelta()).stamp_if_due(grown.log) is not None
    assert service.asked == 2


def test_an_empty_log_needs_no_stamp(grown: Grown, service: Service) -> None:
    with grown.database.write() as connection:
        connection.execute(audit_checkpoints.delete())
    assert stamping(service).stamp_if_due(grown.log) is None
    assert service.asked == 0


def test_a_service_that_fails_leaves_the_checkpoint_as_it_is(
    grown: Grown, service: Service
) -> None:
    service.status = 503
    with pytest.raises(StampFailed, match="503"):
        stamping(service).stamp_if_due(grown.log)
    service.status, service.answer = 200, b"a harmless line"
    with pytest.raises(StampFailed, match="does not hold"):
        stamping(service).stamp_if_due(grown.log)
    latest = grown.log.latest_checkpoint()
    assert latest is not None
    assert latest.token is None
    service.close()
    with pytest.raises(FetchFailed):
        stamping(service).stamp_if_due(grown.log)
    assert grown.verify().exit_code == 0


def test_the_stamp_of_another_note_is_refused(grown: Grown, service: Service) -> None:
    latest = grown.log.latest_checkpoint()
    assert latest is not None
    other = Checkpoint(size=1, at=latest.at, note="a harmless line")
    service.answer = stamping(service).stamp(grown.log, other).token
    with pytest.raises(StampFailed, match="does not hold"):
        stamping(service).stamp_if_due(grown.log)
    with pytest.raises(InvalidInput):
        stamped_at(service.answer or b"", latest.note)


def test_a_stamp_by_strangers_is_refused(grown: Grown, service: Service, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(certificate("Stranger")[0].public_bytes(Encoding.PEM))
    with pytest.raises(StampFailed, match="does not hold"):
        stamping(service, roots=stranger).stamp_if_due(grown.log)
    assert stamping(service).stamp_if_due(grown.log) is not None
    found = verify_log(InDatabase(grown.log), grown.key.verifier, roots=Roots.read(stranger))
    assert [one.place for one in found.bad] == [Place.STAMP]


def test_a_stamp_that_was_altered_is_found(grown: Grown, service: Service) -> None:
    stamped = stamping(service).stamp_if_due(grown.log)
    assert stamped is not None
    assert stamped.token is not None
    for token in (stamped.token[:-1], stamped.token[:-5] + b"abcde", b"", b"\x30\x03\x02\x01\x00"):
        with grown.database.write() as connection:
            latest = audit_checkpoints.c.size == 600
            connection.execute(audit_checkpoints.update().where(latest).values(token=token))
        roots = Roots.read(service.roots)
        found = verify_log(InDatabase(grown.log), grown.key.verifier, roots=roots)
        assert [one.place for one in found.bad] == [Place.STAMP], token


def test_roots_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    with pytest.raises(BadConfiguration):
        Roots.read(path)
    path.write_text("a harmless line")
    with pytest.raises(BadConfiguration):
        Roots.read(path)
