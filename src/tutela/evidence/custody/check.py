"""Checks a custody document offline: signatures, proofs, and that its facts and the log agree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import BinaryIO

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tutela.errors import InvalidInput
from tutela.evidence.audit.checkpoint import Statement, parse, verify
from tutela.evidence.audit.signing import Verifier
from tutela.evidence.audit.stamping import Roots, stamped_at
from tutela.evidence.custody.agreement import disagreements
from tutela.evidence.custody.document import Envelope, read
from tutela.evidence.custody.page import moment
from tutela.evidence.custody.pdf_reading import BEGINNING, PdfFound, read_pdf
from tutela.evidence.custody.record import CustodyRecord, Stamped, Touch
from tutela.merkle import leaf_hash, verify_consistency, verify_inclusion
from tutela.model.custody.leaf import Leaf
from tutela.model.record import Record

_CHUNK = 1 << 20


class Result(StrEnum):
    """What came of one check."""

    WRONG = "wrong"
    OPEN = "open"
    """It could not be checked, with why."""
    GOOD = "good"


class Finding(Record, frozen=True, kw_only=True):
    """One check: what was looked at, what came of it, and what to know about it."""

    what: str
    result: Result
    detail: str = ""


class Findings(Record, frozen=True, kw_only=True):
    """All checks of one document.

    Attributes:
        item: the item that the document is about.
        drill: whether it is harmless test material.
        result: `wrong` if anything is; `open` if something could not be checked; else `good`.
        findings: what is wrong first, then what is open.
    """

    item: str
    drill: bool
    result: Result
    findings: tuple[Finding, ...]


def check_document(
    data: bytes,
    verifier: Verifier | None = None,
    content: BinaryIO | None = None,
    roots: Roots | None = None,
) -> Findings:
    """Check a document: the JSON, or the PDF with the JSON in it.

    Args:
        data: the file.
        verifier: the operator's public keys; without them the document can only vouch for itself.
        content: the bytes that the item is said to be, to be compared; read once.
        roots: certificates that a time stamp is verified with.

    Raises:
        InvalidInput: it is no custody document.
    """
    pdf = read_pdf(data) if data.startswith(BEGINNING) else None
    envelope = read(data if pdf is None else pdf.data)
    record = envelope.record
    found = sorted(
        _all(pdf, envelope, record, verifier, content, roots),
        key=lambda one: list(Result).index(one.result),
    )
    return Findings(
        item=record.item.id,
        drill=record.item.drill,
        result=found[0].result,
        findings=tuple(found),
    )


def _all(
    pdf: PdfFound | None,
    envelope: Envelope,
    record: CustodyRecord,
    verifier: Verifier | None,
    content: BinaryIO | None,
    roots: Roots | None,
) -> Iterator[Finding]:
    if pdf is not None:
        yield from _pdf(pdf, record, verifier)
    yield from _signature(envelope, verifier)
    yield from _log(record, verifier or envelope.own_verifier, roots)
    yield from _facts(record)
    yield from _content(record, content)


def _pdf(pdf: PdfFound, record: CustodyRecord, verifier: Verifier | None) -> Iterator[Finding]:
    yield _found("signature of the PDF", pdf.problem)
    named = record.keys.certificate if record.keys else ""
    same = pdf.certificate == named
    yield _found("certificate of the PDF", "" if same else "it is not the one that the data names")
    if verifier is not None and verifier.document_keys:
        known = [
            key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            for key in verifier.document_keys
        ]
        problem = "" if pdf.key in known else "the given keys did not sign this PDF"
        yield _found("key of the PDF", problem)


def _signature(envelope: Envelope, verifier: Verifier | None) -> Iterator[Finding]:
    own = envelope.own_verifier
    signed = envelope.signed_by(own)
    yield _found("signature of the data", "" if signed else "the data was altered, or not signed")
    said = envelope.signature.fingerprint == own.fingerprint
    yield _found("fingerprint of the key", "" if said else "it is that of another key")
    if verifier is None:
        yield Finding(
            what="key",
            result=Result.OPEN,
            detail="no key was given: compare the fingerprint with the operator's: "
            f"{own.fingerprint}",
        )
    else:
        given = envelope.signed_by(verifier)
        yield _found("key", "" if given else "the given key did not sign this document")


def _log(record: CustodyRecord, verifier: Verifier, roots: Roots | None) -> Iterator[Finding]:
    if record.checkpoint is None:
        yield _found("checkpoint", "there is none: nothing shows that the touches are in the log")
        return
    try:
        said = verify(record.checkpoint.note, verifier)
    except InvalidInput as error:
        yield _found("checkpoint", error.what)
        return
    same = said.size == record.checkpoint.size
    yield _found("checkpoint", "" if same else "its size is not the one that the record names")
    problems = [problem for one in record.touches if (problem := _touch(one, said))]
    if _unordered(record.touches):
        problems.append("the touches are not in the order of the log")
    yield from _several(f"{len(record.touches)} touches in the log", problems)
    if record.checkpoint.token is not None:
        yield _stamp(record.checkpoint.token, record.checkpoint.note, roots)
    if record.stamped is not None:
        problem = _continued(record.stamped, said, verifier)
        if problem:
            yield _found("earlier checkpoint", problem)
        else:
            yield _stamp(record.stamped.token, record.stamped.note, roots)


def _continued(stamped: Stamped, said: Statement, verifier: Verifier) -> str:
    """Why a checkpoint is not continued by what another says; empty where it is."""
    try:
        before = verify(stamped.note, verifier)
        proof = [bytes.fromhex(one) for one in stamped.proof]
    except InvalidInput as error:
        return error.what
    except ValueError:
        return "the proof that the log goes on from it cannot be read"
    same = (before.size, before.origin) == (stamped.size, said.origin)
    if same and verify_consistency(before.size, said.size, proof, before.root, said.root):
        return ""
    return "the log does not go on from it"


def _stamp(token: bytes, note: str, roots: Roots | None) -> Finding:
    try:
        at = stamped_at(token, note) if roots is None else roots.verify(token, note)
    except InvalidInput as error:
        return _found("time stamp", error.what)
    said = f"leaves before {parse(note).size} were in the log on {moment(at)}"
    if roots is None:
        said = f"it says that {said}; verify it with the certificates of who gave it"
    result = Result.OPEN if roots is None else Result.GOOD
    return Finding(what="time stamp", result=result, detail=said)


def _touch(touch: Touch, said: Statement) -> str:
    name = f"leaf {touch.leaf.index}"
    try:
        proof = [bytes.fromhex(one) for one in touch.proof]
        leaf = msgspec.json.decode(touch.text, type=Leaf)
        digest = leaf_hash(touch.text.encode())
    except (ValueError, msgspec.DecodeError):
        return f"{name} cannot be read"
    if leaf != touch.leaf:
        return f"{name} does not say what the log says"
    if not verify_inclusion(digest, leaf.index, said.size, proof, said.root):
        return f"{name} is not in the log as it stands here"
    return ""


def _unordered(touches: tuple[Touch, ...]) -> bool:
    numbers = [one.leaf.index for one in touches]
    return sorted(set(numbers)) != numbers


def _facts(record: CustodyRecord) -> Iterator[Finding]:
    yield from _several("facts as the log has them", list(disagreements(record)))


def _content(record: CustodyRecord, content: BinaryIO | None) -> Iterator[Finding]:
    digests, size = dict(record.item.facts.digests), 0
    if content is None or not digests:
        detail = "no file was given" if digests else "the record has no digests any more"
        yield Finding(what="bytes", result=Result.OPEN, detail=detail)
        return
    known = {name: hashlib.new(name, usedforsecurity=False) for name in digests if _knows(name)}
    while chunk := content.read(_CHUNK):
        size += len(chunk)
        for one in known.values():
            one.update(chunk)
    problems = [
        f"their {n} is another" for n, one in known.items() if one.hexdigest() != digests[n]
    ]
    if size != record.item.facts.size:
        problems.append("their size is another")
    yield from _several(f"bytes, by size and {', '.join(sorted(known))}", problems)


def _knows(name: str) -> bool:
    return name in {"sha256", "sha1", "md5", "sha512"}


def _found(what: str, problem: str) -> Finding:
    return Finding(what=what, result=Result.WRONG if problem else Result.GOOD, detail=problem)


def _several(what: str, problems: Iterable[str]) -> Iterator[Finding]:
    """A finding for each problem, or one that there is none."""
    some = [_found(what, problem) for problem in problems]
    yield from some or [_found(what, "")]
