"""Who looks at the pages of review."""

from __future__ import annotations

from typing import Any

from litestar import Request

from tutela.interfaces.access import Permission
from tutela.interfaces.console.review.view import Reader
from tutela.interfaces.web.guard import caller_of


def reader_of(request: Request[Any, Any, Any]) -> Reader:
    """Who asks, and what the person may do at cases."""
    caller = caller_of(request)
    return Reader(
        account=caller.account,
        works=caller.may(Permission.REVIEW_WORK),
        settles=caller.may(Permission.REVIEW_SETTLE),
        leads=caller.may(Permission.REVIEW_LEAD),
    )
