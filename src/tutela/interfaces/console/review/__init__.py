"""Pages of review: the board, the case that somebody works on, queues, search and figures."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from tutela.interfaces.console.review import arranging, board, case, media, search, work

HANDLERS: Sequence[ControllerRouterHandler] = (
    board.show_board,
    board.show_counts,
    board.take_next,
    search.list_cases,
    search.export_cases,
    case.show_case,
    work.take,
    work.renew,
    work.draft_statement,
    work.decide,
    work.undo,
    work.pass_on,
    work.hand_back,
    work.release,
    arranging.merge,
    arranging.split,
    arranging.undo_change,
    arranging.move,
    media.show,
    media.end,
)
"""Every page of this package."""
