"""Pages of what is kept of findings."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.custody import documents, evidence

HANDLERS: Sequence[ControllerRouterHandler] = (
    evidence.list_evidence,
    evidence.show_evidence,
    evidence.place_hold,
    evidence.release_hold,
    documents.export,
)
"""Every page of this package."""
