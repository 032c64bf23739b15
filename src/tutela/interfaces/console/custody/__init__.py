"""Pages of what is kept of findings, and of the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.custody import audit, documents, evidence

HANDLERS: Sequence[ControllerRouterHandler] = (
    evidence.list_evidence,
    evidence.show_evidence,
    evidence.place_hold,
    evidence.release_hold,
    audit.list_leaves,
    audit.show_leaf,
    documents.export,
)
"""Every page of this package."""
