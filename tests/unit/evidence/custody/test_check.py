from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tutela.errors import InvalidInput
from tutela.evidence.audit.signing import AuditKey, Verifier
from tutela.evidence.custody import document
from tutela.evidence.custody.check import Findings, Result, check_document
from tutela.evidence.custody.pdf_signing import sign_pdf
from tutela.evidence.custody.record import CustodyRecord, Touch
from tutela.evidence.custody.typesetting import Typesetter
from tutela.model.custody.evidence import ItemFacts, ItemState
from tutela.model.custody.leaf import AuditKind

if TYPE_CHECKING:
    from tests.unit.evidence.custody.conftest import Making

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["", "zz", "00" * 32]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
Change = Callable[[CustodyRecord], CustodyRecord]


def pdf_of(record: CustodyRecord, key: AuditKey) -> bytes:
    record = document.with_keys(record, key)
    pages = Typesetter().set(record, document.sign(record, key))
    return sign_pdf(pages, key.document_key, record.made_at)


def wrong(findings: Findings) -> list[str]:
    return [f"{one.what}: {one.detail}" for one in findings.findings if one.result is Result.WRONG]


def test_a_good_document_is_good(making: Making) -> None:
    record = making.record(None, [making.hold()])
    for data in (document.sign(record, making.key), pdf_of(record, making.key)):
        findings = check_document(data, making.key.verifier, BytesIO(making.content))
        assert findings.result is Result.GOOD
        assert {one.result for one in findings.findings} == {Result.GOOD}
        assert (findings.item, findings.drill) == (record.item.id, True)


def test_without_key_and_bytes_something_stays_open(making: Making) -> None:
    findings = check_document(document.sign(making.record(), making.key))
    assert findings.result is Result.OPEN
    assert [one.what for one in findings.findings][:2] == ["key", "bytes"]
    assert making.key.verifier.fingerprint in findings.findings[0].detail


def test_another_key_is_named_first(making: Making, tmp_path: Path) -> None:
    stranger = AuditKey.create(tmp_path / "other.key")
    record = making.record()
    findings = check_document(pdf_of(record, making.key), stranger.verifier)
    assert findings.findings[0].result is Result.WRONG
    assert [line.partition(":")[0] for line in wrong(findings)] == [
        "key of the PDF",
        "key",
        "checkpoint",
    ]
    # Whoever signs all of it with another key is found, too.
    forged = check_document(pdf_of(record, stranger), making.key.verifier)
    assert "key: the given key did not sign this document" in wrong(forged)


def test_a_key_that_was_replaced_still_verifies(making: Making, tmp_path: Path) -> None:
    new = AuditKey.create(tmp_path / "new.key").verifier
    old = making.key.verifier
    both = Verifier(new.log_keys + old.log_keys, new.document_keys + old.document_keys)
    assert wrong(check_document(pdf_of(making.record(), making.key), both)) == []


def test_altered_data_is_not_what_was_signed(making: Making) -> None:
    data = document.sign(making.record(), making.key)
    altered = data.replace(b"mountain.png", b"mountaim.png")
    assert altered != data
    said = wrong(check_document(altered, making.key.verifier))
    assert said[0] == "signature of the data: the data was altered, or not signed"


def test_other_bytes_are_found(making: Making) -> None:
    data = document.sign(making.record(), making.key)
    said = wrong(check_document(data, making.key.verifier, BytesIO(b"a harmless lime")))
    assert [line.rpartition(": ")[2] for line in said] == [
        "their sha256 is another",
        "their md5 is another",
    ]
    said = wrong(check_document(data, making.key.verifier, BytesIO(making.content + b"\n")))
    assert said[-1].endswith("their size is another")


def touched(record: CustodyRecord, at: int, **changes: object) -> CustodyRecord:
    touches = list(record.touches)
    touches[at] = replace(touches[at], **changes)
    return replace(record, touches=tuple(touches))


def with_leaf(record: CustodyRecord, at: int, **changes: object) -> CustodyRecord:
    """As somebody would write a leaf who changes what was shown and what was hashed."""
    leaf = replace(record.touches[at].leaf, **changes)
    text = msgspec.json.encode(leaf, order="deterministic").decode()
    return touched(record, at, leaf=leaf, text=text)


def with_facts(record: CustodyRecord, **changes: object) -> CustodyRecord:
    facts = replace(record.item.facts, **changes)
    return replace(record, item=replace(record.item, facts=facts))


def swapped(touches: tuple[Touch, ...]) -> tuple[Touch, ...]:
    return (touches[1], touches[0], *touches[2:])


CHANGES: dict[str, tuple[Change, str]] = {
    "a leaf that was changed": (
        lambda r: with_leaf(r, 1, by="cli:somebody"),
        "leaf 3 is not in the log as it stands here",
    ),
    "a leaf that says something else than the log": (
        lambda r: touched(r, 1, leaf=replace(r.touches[1].leaf, by="cli:somebody")),
        "leaf 3 does not say what the log says",
    ),
    "a leaf that cannot be read": (
        lambda r: touched(r, 1, text="{"),
        "leaf 3 cannot be read",
    ),
    "a proof of another leaf": (
        lambda r: touched(r, 1, proof=r.touches[0].proof),
        "leaf 3 is not in the log as it stands here",
    ),
    "a proof that is none": (
        lambda r: touched(r, 1, proof=("zz",)),
        "leaf 3 cannot be read",
    ),
    "another order": (
        lambda r: replace(r, touches=swapped(r.touches)),
        "the touches are not in the order of the log",
    ),
    "a touch twice": (
        lambda r: replace(r, touches=(r.touches[0], *r.touches)),
        "the touches are not in the order of the log",
    ),
    "no checkpoint": (
        lambda r: replace(r, checkpoint=None),
        "there is none: nothing shows that the touches are in the log",
    ),
    "an altered checkpoint": (
        lambda r: replace(r, checkpoint=_renoted(r, "tutela-", "tutelb-")),
        "the checkpoint was not signed by this key, or was altered",
    ),
    "another size": (
        lambda r: replace(r, checkpoint=_sized(r, 1)),
        "its size is not the one that the record names",
    ),
    "another digest": (
        lambda r: with_facts(r, digests={"sha256": "0" * 64}),
        "the digest is not of the bytes that the log says were taken in",
    ),
    "no salt that can be read": (
        lambda r: with_facts(r, salt="zz"),
        "the digest or the salt cannot be read",
    ),
    "another salt": (
        lambda r: with_facts(r, salt="0" * 32),
        "the digest is not of the bytes that the log says were taken in",
    ),
    "no leaf of the taking in": (
        lambda r: replace(r, touches=(r.touches[0], *r.touches[2:])),
        "the log does not say that these bytes were taken in",
    ),
    "destroyed, it says": (
        lambda r: replace(r, item=replace(r.item, state=ItemState.DESTROYED, facts=ItemFacts())),
        "the log does not say that it was destroyed",
    ),
    "another item": (
        lambda r: replace(r, item=replace(r.item, id="another")),
        "leaf 3 is about something else",
    ),
    "no mark of a drill": (
        lambda r: replace(r, drill=""),
        "the mark of a drill is not that of the item",
    ),
    "another reason of a hold": (
        lambda r: replace(r, holds=(replace(r.holds[0], reason="nobody asked"),)),
        "the log does not say so of hold 1",
    ),
    "a hold that was lifted, it says": (
        lambda r: replace(r, holds=(replace(r.holds[0], released_at=r.made_at),)),
        "the log does not say so of the lifting of hold 1",
    ),
    "no hold": (
        lambda r: replace(r, holds=()),
        "the log has a hold that the record does not name",
    ),
}


def _renoted(record: CustodyRecord, old: str, new: str) -> object:
    assert record.checkpoint is not None
    return replace(record.checkpoint, note=record.checkpoint.note.replace(old, new))


def _sized(record: CustodyRecord, size: int) -> object:
    assert record.checkpoint is not None
    return replace(record.checkpoint, size=size)


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_even_whoever_has_the_key_cannot_change_what_the_log_has(
    making: Making, change: Change, said: str
) -> None:
    record = change(making.record(None, [making.hold()]))
    findings = check_document(document.sign(record, making.key), making.key.verifier)
    assert findings.result is Result.WRONG
    assert said in [one.detail for one in findings.findings]


def test_a_destruction_that_the_record_hides_is_found(making: Making) -> None:
    item = making.item()
    gone = making.leaf(AuditKind.DESTROY, item.id, item.created_at + timedelta(days=9))
    record = making.record(item, (), [*making.leaves(item), gone])
    said = wrong(check_document(document.sign(record, making.key), making.key.verifier))
    assert said == ["facts as the log has them: the log says that it was destroyed"]


def test_a_lifting_that_the_record_hides_is_found(making: Making) -> None:
    lifted = making.hold(released_at=making.item().created_at, released_by="cli:ann")
    record = making.record(None, [lifted])
    record = replace(record, holds=(replace(lifted, released_at=None),))
    said = wrong(check_document(document.sign(record, making.key), making.key.verifier))
    assert said == ["facts as the log has them: the log says that hold 1 was lifted"]


def test_an_end_of_the_term_that_the_log_does_not_have_is_found(making: Making) -> None:
    item = making.item(expires_at=making.item().created_at + timedelta(days=1))
    begun = making.leaf(AuditKind.REPORT, item.id, item.created_at, {"expires": "2030-01-01"})
    record = making.record(item, (), [*making.leaves(item), begun])
    said = wrong(check_document(document.sign(record, making.key), making.key.verifier))
    assert said == [
        "facts as the log has them: the end of its term is not the one that the log has"
    ]


def test_a_pdf_that_another_key_signed_is_found(making: Making, tmp_path: Path) -> None:
    record = document.with_keys(making.record(), making.key)
    pages = Typesetter().set(record, document.sign(record, making.key))
    stranger = AuditKey.create(tmp_path / "other.key")
    pdf = sign_pdf(pages, stranger.document_key, record.made_at)
    assert wrong(check_document(pdf, making.key.verifier)) == [
        "certificate of the PDF: it is not the one that the data names",
        "key of the PDF: the given keys did not sign this PDF",
    ]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"{}", b"\xff\xfe"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        check_document(data)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_document_holds_it_is_checked_or_refused(
    making: Making, data: st.DataObject
) -> None:
    """Any value in the record may be another: nothing but a finding or a refusal comes of it."""
    record = json.loads(document.canonical(making.record(None, [making.hold()])))
    place = record
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    text = json.dumps(record)
    envelope = document.read(document.sign(making.record(), making.key))
    value = base64.b64encode(making.key.sign(text.encode())).decode()
    signed = replace(envelope, document=text, signature=replace(envelope.signature, value=value))
    with suppress(InvalidInput):
        check_document(msgspec.json.encode(signed), making.key.verifier)
