from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.programs import needed

from tutela.errors import InvalidInput
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.custody import document
from tutela.model.custody.names import exact, found

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

NAMES = st.text(st.characters() | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF))
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared
@given(NAMES)
@example("evil\u202egpj.exe")
@example('"},"form":"x\\')
@example("👨‍👩‍👧\n\0")
@example("caf\udce9 \ud83d")
def test_any_name_comes_back_whole_from_a_signed_document(making: Making, name: str) -> None:
    text, raw = found(name)
    record = document.with_keys(making.named(text, raw), making.key)
    data = document.sign(record, making.key)
    assert data.isascii()
    envelope = document.read(data)
    assert envelope.document.isascii()
    assert "\x7f" not in envelope.document
    assert envelope.signed_by(making.key.verifier)
    assert envelope.record == record
    facts = envelope.record.item.facts
    assert exact(facts.name, facts.name_bytes) == exact(text, raw)
    # Any other reader of JSON gets the same.
    assert json.loads(json.loads(data)["document"])["item"]["facts"].get("name", "") == text


def test_what_is_signed_can_be_verified_by_openssl(making: Making, tmp_path: Path) -> None:
    envelope = json.loads(document.sign(making.named("горы 山.png"), making.key))
    (tmp_path / "document").write_text(envelope["document"])
    (tmp_path / "key.pem").write_text(envelope["signature"]["key"])
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signature"]["value"]))
    command = [
        needed("openssl"),
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
    ]
    command += ["-in", "document", "-sigfile", "signature"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "document").write_text(envelope["document"].replace("1 year", "2 year"))
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode


def test_the_fingerprint_is_that_of_the_key_as_openssl_has_it(
    making: Making, tmp_path: Path
) -> None:
    envelope = document.read(document.sign(making.record(), making.key))
    (tmp_path / "key.pem").write_text(envelope.signature.key)
    needed("openssl")
    command = "openssl pkey -pubin -in key.pem -outform DER | openssl dgst -sha256 -r"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[0] == envelope.signature.fingerprint


def test_another_key_and_another_text_are_not_signed(making: Making, tmp_path: Path) -> None:
    envelope = document.read(document.sign(making.record(), making.key))
    stranger = AuditKey.create(tmp_path / "other.key").verifier
    assert not envelope.signed_by(stranger)
    altered = msgspec.structs.replace(envelope, document=envelope.document + " ")
    assert not altered.signed_by(making.key.verifier)
    broken = msgspec.structs.replace(envelope.signature, value="ä")
    assert not msgspec.structs.replace(envelope, signature=broken).signed_by(making.key.verifier)


def test_the_same_record_gives_the_same_document(making: Making) -> None:
    record = making.record()
    assert document.sign(record, making.key) == document.sign(record, making.key)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[" * 5000, b"\xff", b'{"form":"another","document":"","signature":{}}']
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="no custody document"):
        document.read(data)


@pytest.mark.parametrize("text", ["", "{}", "null", '{"form":"tutela custody 2"}'])
def test_what_is_no_record_is_refused(making: Making, text: str) -> None:
    envelope = document.read(document.sign(making.record(), making.key))
    with pytest.raises(InvalidInput, match="no custody document"):
        _ = msgspec.structs.replace(envelope, document=text).record
