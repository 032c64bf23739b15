"""How long the law gives, where it names no number; numbers are in `model.custody.terms`."""

from __future__ import annotations

from tutela.model.custody.terms import Bound, Moment, due, is_span

__all__ = ["NOT_STATED", "WORDS", "Bound", "Moment", "due", "is_span"]

WORDS = (
    "immediately",
    "at once",
    "promptly",
    "without delay",
    "without undue delay",
    "as soon as reasonably practicable",
    "as soon as reasonably possible",
    "as soon as feasible",
    "within a reasonable time",
)
"""Terms of the law that name no number. They have no due time, and none is made up for them."""

NOT_STATED = "not stated"
"""Of retention: the law that was looked at names no period."""
