"""Pages of the audit log: its latest leaves in words, and each leaf with its proof."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get

from tutela.errors import TutelaError
from tutela.evidence.audit.opening import open_verifier
from tutela.evidence.proofs import inclusion
from tutela.interfaces.access import Permission
from tutela.interfaces.api.custody.audit import MOST, within
from tutela.interfaces.console.answers import page
from tutela.interfaces.console.custody.telling import details, sentence
from tutela.interfaces.language import translator_of
from tutela.interfaces.services import Services, services_of
from tutela.model.custody.leaf import AuditKind
from tutela.model.record import Record
from tutela.storage.audit.reading import Checkpoint, StoredLeaf

PER_PAGE = 50
LONGEST = 256
"""Letters of a subject or name that is asked for."""


class Asked(Record, frozen=True, kw_only=True):
    """Which leaves a page shows, as its address says; whatever is unknown is not looked at."""

    kind: AuditKind | None = None
    subject: str = ""
    by: str = ""

    def address(self, before: int | None = None) -> str:
        """The address of a page that shows these."""
        fields = {
            "kind": self.kind or "",
            "subject": self.subject,
            "by": self.by,
            "before": "" if before is None else str(before),
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"/console/audit?{query}" if query else "/console/audit"


@get("/audit", permission=Permission.AUDIT_READ)
async def list_leaves(request: Request[Any, Any, Any]) -> Response[str]:
    """The latest leaves in words, the last checkpoint, and how to verify the log."""
    services, query = services_of(request), request.query_params
    asked, before = _asked(query), _number(query.get("before"))
    found = await asyncio.to_thread(_found, services, asked, before)
    head = await asyncio.to_thread(services.audit_log.head)
    checkpoint = await asyncio.to_thread(services.audit_log.latest_checkpoint)
    leaves = found[:PER_PAGE]
    older = leaves[-1].index if len(found) > PER_PAGE else None
    return page(
        request,
        "audit.html",
        leaves=leaves,
        older="" if older is None else asked.address(older),
        latest="" if before is None else asked.address(),
        asked=asked,
        narrowed=bool(asked.kind or asked.subject or asked.by),
        kinds=tuple(AuditKind),
        head=head,
        checkpoint=checkpoint,
        age=_age(checkpoint),
        fingerprint=await asyncio.to_thread(_fingerprint, services),
        sentence=partial(sentence, texts=translator_of(request)),
        witness=str(services.settings.witness_folder),
    )


@get("/audit/{index:int}", permission=Permission.AUDIT_READ)
async def show_leaf(request: Request[Any, Any, Any], index: int) -> Response[str]:
    """A leaf with all that it says, and the proof that it is in the log."""
    log = services_of(request).audit_log
    stored = await asyncio.to_thread(log.leaf, within(index))
    try:
        proof = await asyncio.to_thread(inclusion, log, stored.index)
    except TutelaError:  # rows that it would be made from are gone
        proof = None
    leaf, texts = stored.readable, translator_of(request)
    head = await asyncio.to_thread(log.head)
    return page(
        request,
        "audit_leaf.html",
        stored=stored,
        leaf=leaf,
        sentence=sentence(leaf, texts) if leaf else texts.gettext("cannot be read"),
        details=details(leaf, texts) if leaf else [],
        proof=proof,
        last=head.size - 1,
    )


def _found(services: Services, asked: Asked, before: int | None) -> list[StoredLeaf]:
    return list(
        services.audit_log.page(
            before=before,
            limit=PER_PAGE + 1,
            kind=asked.kind,
            subject=asked.subject or None,
            by=asked.by or None,
        )
    )


def _asked(query: Mapping[str, str]) -> Asked:
    return Asked(
        kind=next((one for one in AuditKind if one == query.get("kind")), None),
        subject=_text(query.get("subject", "")),
        by=_text(query.get("by", "")),
    )


def _text(given: str) -> str:
    """What is asked for, without what no database can hold."""
    return given.replace("\0", "").strip()[:LONGEST]


def _number(text: str | None) -> int | None:
    if not text or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:18]), MOST)


def _age(checkpoint: Checkpoint | None) -> float | None:
    """Seconds since a checkpoint was signed."""
    if checkpoint is None:
        return None
    return max((datetime.now(UTC) - checkpoint.at).total_seconds(), 0.0)


def _fingerprint(services: Services) -> str:
    try:
        return open_verifier(services.settings).fingerprint
    except TutelaError:
        return ""
