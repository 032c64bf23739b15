"""Appending to the audit log, within the transaction of what the leaves tell of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from tutela.merkle import Edge, leaf_hash
from tutela.model.custody.leaf import Leaf, NewLeaf
from tutela.storage.custody_tables import audit_head, audit_leaves, audit_nodes
from tutela.storage.database import insert_rows
from tutela.storage.values import now

NODE_HEIGHT = 8
"""Roots of subtrees of this height, and of its multiples, are stored."""

COLUMNS = ("number", "subject", "kind", "who", "leaf", "hash")
"""Of a leaf's row."""

_LEAF = msgspec.json.Encoder(order="deterministic")


def append(connection: Connection, leaves: Sequence[NewLeaf], at: datetime | None = None) -> int:
    """Append leaves in the caller's transaction; the index of the first.

    To be called as the last thing of a transaction: on PostgreSQL whoever appends keeps others
    from appending until the transaction ends, and must not wait for anybody meanwhile.

    Args:
        connection: a transaction that writes.
        leaves: in the order in which they are to stand.
        at: the time; None means now. Where the clock has gone back, the leaf keeps the time of the
            one before it, and says what the clock said.
    """
    head = connection.execute(
        select(audit_head.c.size, audit_head.c.edge, audit_head.c.at).with_for_update()
    ).one()
    if not leaves:
        return int(head.size)
    clock = at or now()
    moment = max(clock, head.at)
    back = clock if clock < moment else None
    edge, rows, nodes = Edge.from_bytes(head.size, head.edge), [], []
    for index, new in enumerate(leaves, head.size):
        text = encoded(
            Leaf(
                index=index,
                at=moment,
                kind=new.kind,
                by=new.by,
                subject=new.subject,
                data=new.data,
                clock=back,
            )
        )
        digest = leaf_hash(text)
        rows.append((index, new.subject, new.kind.value, new.by, text.decode(), digest))
        nodes += [
            (one.height, one.position, one.root)
            for one in edge.append(digest)
            if one.height and one.height % NODE_HEIGHT == 0
        ]
    insert_rows(connection, audit_leaves, COLUMNS, rows)
    insert_rows(connection, audit_nodes, ("height", "position", "hash"), nodes)
    connection.execute(update(audit_head).values(size=edge.size, edge=edge.to_bytes(), at=moment))
    return int(head.size)


def encoded(leaf: Leaf) -> bytes:
    """A leaf's canonical JSON: what is hashed.

    Members stand in the order of `Leaf`, those of its data in the order of their names.
    """
    return _LEAF.encode(leaf)
