"""Telling the audit log of a change, within the transaction that makes it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from tutela.model.custody.leaf import AuditKind, Fact, NewLeaf
from tutela.storage.audit.log import append


def tell(
    connection: Connection,
    kind: AuditKind,
    by: str,
    subject: str,
    did: str,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """Append a leaf about one change; to be called as the last thing of its transaction.

    Args:
        connection: the transaction.
        kind: what the leaf is about.
        by: whom to name.
        subject: what was changed.
        did: what was done to it, in a word.
        facts: details by name.
    """
    append(connection, [leaf(kind, by, subject, did, facts)])


def leaf(
    kind: AuditKind, by: str, subject: str, did: str, facts: Mapping[str, Fact] | None = None
) -> NewLeaf:
    """A leaf about one change; see `tell`."""
    return NewLeaf(kind=kind, by=by, subject=subject, data={"did": did, **(facts or {})})


def differences(before: Mapping[str, Fact], after: Mapping[str, Fact]) -> dict[str, Fact]:
    """What differs: each by its name with the new value, and as `NAME_before` with the old one."""
    found: dict[str, Fact] = {}
    for name, value in after.items():
        if before.get(name) != value:
            found |= {name: value, f"{name}_before": before.get(name)}
    return found
