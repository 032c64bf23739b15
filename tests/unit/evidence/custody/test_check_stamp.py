"""Time stamps within documents, from an authority that openssl plays."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.programs import needed

from tutela.evidence.audit.stamping import Roots
from tutela.evidence.custody import document
from tutela.evidence.custody.check import Finding, Result, check_document

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

EXTENSIONS = """
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
AUTHORITY = """
[tsa]
default_tsa = clock
[clock]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Clock:
    """An authority for time stamps, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "extensions").write_text(EXTENSIONS)
        (folder / "config").write_text(AUTHORITY)
        (folder / "serial").write_text("01")
        for name in ("ca", "tsa"):
            self._run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out", f"{name}.key")
            self._run(f"req -new -key {name}.key -subj /CN=Drill-{name} -out", f"{name}.csr")
        sign = "x509 -req -extfile extensions -days 9"
        self._run(f"{sign} -in ca.csr -signkey ca.key -extensions ca -out", "ca.pem")
        issued = f"{sign} -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extensions tsa"
        self._run(f"{issued} -out", "tsa.pem")
        (folder / "roots.pem").write_text(
            (folder / "ca.pem").read_text() + (folder / "tsa.pem").read_text()
        )

    @property
    def roots(self) -> Roots:
        return Roots.read(self._folder / "roots.pem")

    def stamp(self, note: str) -> bytes:
        (self._folder / "note").write_bytes(note.encode())
        self._run("ts -query -data note -sha256 -cert -out", "query")
        self._run(
            "ts -reply -config config -queryfile query -signer tsa.pem -inkey tsa.key -out", "reply"
        )
        return (self._folder / "reply").read_bytes()

    def _run(self, arguments: str, out: str) -> None:
        command = [needed("openssl"), *arguments.split(), out]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock"))


def stamp_finding(making: Making, token: bytes, roots: Roots | None) -> Finding:
    record = making.record()
    assert record.checkpoint is not None
    stamped = replace(record, checkpoint=replace(record.checkpoint, token=token))
    data = document.sign(stamped, making.key)
    found = check_document(data, making.key.verifier, roots=roots).findings
    (one,) = [finding for finding in found if finding.what == "time stamp"]
    return one


def test_a_time_stamp_is_verified_with_the_certificates_of_who_gave_it(
    making: Making, clock: Clock
) -> None:
    checkpoint = making.record().checkpoint
    assert checkpoint is not None
    token = clock.stamp(checkpoint.note)
    good = stamp_finding(making, token, clock.roots)
    assert good.result is Result.GOOD
    assert good.detail.startswith("leaves before 6 were in the log on 20")
    assert stamp_finding(making, token, None).result is Result.OPEN


def test_a_time_stamp_of_something_else_is_wrong(making: Making, clock: Clock) -> None:
    token = clock.stamp("another note")
    assert stamp_finding(making, token, clock.roots).result is Result.WRONG
    assert stamp_finding(making, token, None).result is Result.WRONG
    assert stamp_finding(making, b"no token", clock.roots).result is Result.WRONG


def test_what_is_before_an_earlier_time_stamp_was_there_then(making: Making, clock: Clock) -> None:
    record = making.record()
    before = making.earlier(record, 4)
    stamped = replace(before, token=clock.stamp(before.note))
    data = document.sign(replace(record, stamped=stamped), making.key)
    found = check_document(data, making.key.verifier, roots=clock.roots).findings
    assert Result.WRONG not in {one.result for one in found}
    (detail,) = [one.detail for one in found if one.what == "time stamp"]
    assert detail.startswith("leaves before 4 were in the log on 20")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"proof": ()}, "the log does not go on from it"),
        ({"proof": ("zz",)}, "the proof that the log goes on from it cannot be read"),
        ({"size": 3}, "the log does not go on from it"),
        ({"note": "x"}, "this is no signed checkpoint"),
    ],
)
def test_an_earlier_checkpoint_that_the_log_does_not_continue_is_wrong(
    making: Making, change: dict[str, object], said: str
) -> None:
    record = making.record()
    stamped = replace(making.earlier(record, 4), **change)
    data = document.sign(replace(record, stamped=stamped), making.key)
    found = check_document(data, making.key.verifier).findings
    assert (found[0].what, found[0].detail) == ("earlier checkpoint", said)
