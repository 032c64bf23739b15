"""`/v1/audit`: the audit log, its proofs, its checkpoints, and the key that verifies them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from tutela.errors import NotFound
from tutela.evidence.audit.opening import open_verifier
from tutela.evidence.proofs import Consistency, Inclusion, consistency, inclusion
from tutela.interfaces.access import Permission
from tutela.interfaces.api.documents import About, read_query
from tutela.interfaces.services import services_of
from tutela.interfaces.web.answers import JsonAnswer
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.record import Record
from tutela.storage.audit.reading import Checkpoint, Head, StoredLeaf

MOST = 2**53
"""Greatest index that is asked about: JSON's numbers end there."""

Index = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Size = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
Name = Annotated[str, msgspec.Meta(max_length=256)]


class LeafAnswer(Record, frozen=True, kw_only=True):
    """A leaf.

    Attributes:
        text: its canonical JSON, whose bytes are hashed.
        hash: SHA-256 as in RFC 9162, in hex.
        leaf: what the text says; None where somebody has altered it so that it says nothing.
    """

    index: int
    text: str
    hash: str
    leaf: Leaf | None


class LeavesQuery(Record, frozen=True, kw_only=True):
    """Which leaves: before the leaf `before`, at most `limit`, of a kind, about what, by whom."""

    before: Index | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    kind: AuditKind | None = None
    subject: Name | None = None
    by: Name | None = None


class LeavesPage(Record, frozen=True, kw_only=True):
    """A page of leaves, latest first; `next` is the `before` of the next page, None on the last."""

    leaves: Sequence[LeafAnswer]
    next: int | None


class HeadAnswer(Record, frozen=True, kw_only=True):
    """Where the log ends now: not signed, unlike a checkpoint.

    Attributes:
        origin: the log's name.
        size: leaves.
        root: of their tree, in hex.
        at: when the last was written.
    """

    origin: str
    size: int
    root: str
    at: datetime


class ProofQuery(Record, frozen=True, kw_only=True):
    """Of how many leaves: those of the last checkpoint if not said, or all where it is older."""

    size: Size | None = None


class ConsistencyQuery(Record, frozen=True, kw_only=True):
    """That the log of `first` leaves is the beginning of that of `second`, or of all."""

    first: Size
    second: Size | None = None


class CheckpointsQuery(Record, frozen=True, kw_only=True):
    """Which page: checkpoints of fewer leaves than `before`, at most `limit`."""

    before: Size | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class CheckpointsPage(Record, frozen=True, kw_only=True):
    """A page of checkpoints, latest first; `next` is the `before` of the next page."""

    checkpoints: Sequence[Checkpoint]
    next: int | None


class KeyAnswer(Record, frozen=True, kw_only=True):
    """The public keys.

    Attributes:
        pem: Ed25519 for checkpoints, ECDSA P-256 for documents; the current ones first.
        fingerprint: SHA-256 of the current key of checkpoints (its SubjectPublicKeyInfo), in hex.
    """

    pem: str
    fingerprint: str


@get(
    "/v1/audit",
    permission=Permission.AUDIT_READ,
    about=About(summary="Read where the audit log ends", gives=HeadAnswer),
)
async def read_head(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read the log's name, its size and the root of its tree."""
    head: Head = await asyncio.to_thread(services_of(request).audit_log.head)
    answer = HeadAnswer(origin=head.origin, size=head.size, root=head.root.hex(), at=head.at)
    return JsonAnswer(answer)


@get(
    "/v1/audit/leaves",
    permission=Permission.AUDIT_READ,
    about=About(summary="List leaves of the audit log", query=LeavesQuery, gives=LeavesPage),
)
async def list_leaves(request: Request[Any, Any, Any]) -> ASGIApp:
    """List leaves, latest first."""
    page = read_query(request, LeavesQuery)
    found = await asyncio.to_thread(
        services_of(request).audit_log.page,
        before=page.before,
        limit=page.limit,
        kind=page.kind,
        subject=page.subject,
        by=page.by,
    )
    last = found[-1].index if len(found) == page.limit and found[-1].index else None
    return JsonAnswer(LeavesPage(leaves=[answered(one) for one in found], next=last))


@get(
    "/v1/audit/leaves/{index:int}",
    permission=Permission.AUDIT_READ,
    about=About(summary="Read one leaf of the audit log", gives=LeafAnswer),
)
async def read_leaf(request: Request[Any, Any, Any], index: FromPath[int]) -> ASGIApp:
    """Read a leaf by its index."""
    stored = await asyncio.to_thread(services_of(request).audit_log.leaf, within(index))
    return JsonAnswer(answered(stored))


@get(
    "/v1/audit/leaves/{index:int}/proof",
    permission=Permission.AUDIT_READ,
    about=About(summary="Prove that a leaf is in the log", query=ProofQuery, gives=Inclusion),
)
async def prove_leaf(request: Request[Any, Any, Any], index: FromPath[int]) -> ASGIApp:
    """Prove that a leaf is in the log (RFC 9162, 2.1.3), with the checkpoint that signs it."""
    size, log = read_query(request, ProofQuery).size, services_of(request).audit_log
    return JsonAnswer(await asyncio.to_thread(inclusion, log, within(index), size))


@get(
    "/v1/audit/consistency",
    permission=Permission.AUDIT_READ,
    about=About(summary="Prove that the log only grew", query=ConsistencyQuery, gives=Consistency),
)
async def prove_consistency(request: Request[Any, Any, Any]) -> ASGIApp:
    """Prove that the log of one size is the beginning of that of another (RFC 9162, 2.1.4)."""
    sizes, log = read_query(request, ConsistencyQuery), services_of(request).audit_log
    return JsonAnswer(await asyncio.to_thread(consistency, log, sizes.first, sizes.second))


@get(
    "/v1/audit/checkpoints",
    permission=Permission.AUDIT_READ,
    about=About(summary="List signed checkpoints", query=CheckpointsQuery, gives=CheckpointsPage),
)
async def list_checkpoints(request: Request[Any, Any, Any]) -> ASGIApp:
    """List the checkpoints, latest first, each with its time stamp if it has one."""
    page = read_query(request, CheckpointsQuery)
    log = services_of(request).audit_log
    found = await asyncio.to_thread(log.checkpoints, before=page.before, limit=page.limit)
    last = found[-1].size if len(found) == page.limit else None
    return JsonAnswer(CheckpointsPage(checkpoints=found, next=last))


@get(
    "/v1/audit/checkpoint",
    permission=Permission.AUDIT_READ,
    about=About(summary="Read the latest checkpoint", gives=Checkpoint),
)
async def read_checkpoint(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read the checkpoint of most leaves."""
    found = await asyncio.to_thread(services_of(request).audit_log.latest_checkpoint)
    if found is None:
        raise NotFound("no checkpoint was signed yet", where="checkpoint")
    return JsonAnswer(found)


@get(
    "/v1/audit/key",
    permission=Permission.AUDIT_READ,
    about=About(summary="Read the public key of the audit log", gives=KeyAnswer),
)
async def read_key(request: Request[Any, Any, Any]) -> ASGIApp:
    """Read the public keys that verify checkpoints and documents."""
    verifier = await asyncio.to_thread(open_verifier, services_of(request).settings)
    return JsonAnswer(KeyAnswer(pem=verifier.pem, fingerprint=verifier.fingerprint))


def within(index: int) -> int:
    """An index as a database can hold it; whatever is beyond is no leaf either."""
    return min(max(index, -1), MOST)


def answered(stored: StoredLeaf) -> LeafAnswer:
    """A leaf as it is answered."""
    return LeafAnswer(
        index=stored.index, text=stored.text, hash=stored.hash.hex(), leaf=stored.readable
    )
