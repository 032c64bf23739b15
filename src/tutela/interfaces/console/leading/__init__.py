"""Pages for who leads a team of reviewers: figures, and samples."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.leading import figures, samples

HANDLERS: Sequence[ControllerRouterHandler] = (
    figures.show_figures,
    figures.export_figures,
    samples.show_samples,
)
"""Every page of this package."""
