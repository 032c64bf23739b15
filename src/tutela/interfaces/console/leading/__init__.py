"""Pages for who leads a team of reviewers: figures, samples and queues."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.leading import figures, queues, samples

HANDLERS: Sequence[ControllerRouterHandler] = (
    figures.show_figures,
    figures.export_figures,
    samples.show_samples,
    queues.list_queues,
    queues.create_queue,
    queues.show_queue,
    queues.change_queue,
    queues.move_queue,
    queues.delete_queue,
)
"""Every page of this package."""
