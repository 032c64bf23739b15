"""Regular expressions of staff: matched by RE2, in time linear in the text whatever they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import re2

from tutela.errors import InvalidInput

LONGEST = 500
"""Characters that a pattern may have."""

_MEMORY = 4 * 1024 * 1024
_MOST = 16
_RE2 = "https://github.com/google/re2/wiki/Syntax says what RE2 knows"


class Pattern:
    """A pattern, ready to be looked for in normalised text. Many threads may use one."""

    def __init__(self, expression: re2._Regexp) -> None:
        self._expression = expression

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands, at most sixteen times; what matches nothing is no find."""
        found = (one.span() for one in islice(self._expression.finditer(text), _MOST))
        return ((start, end) for start, end in found if end > start)


def compiled(pattern: str) -> Pattern:
    """A pattern made ready.

    Raises:
        InvalidInput: RE2 does not know it (it has no look-around and no references back, which
            take time without end), it is too large, or it matches the empty text.
    """
    if len(pattern) > LONGEST:
        raise InvalidInput(f"a pattern may have {LONGEST:,} characters", remedy="make it several")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False  # it would write the pattern to the terminal
    options.case_sensitive = False
    options.never_capture = True
    try:
        expression = re2.compile(pattern, options)
    except re2.error as problem:
        raise InvalidInput(_why(problem), remedy=_RE2) from None
    if expression.search("") is not None:
        raise InvalidInput("the pattern matches a text in which nothing stands")
    return Pattern(expression)


def _why(problem: Exception) -> str:
    """What RE2 says of a pattern, without the piece of the pattern that it quotes."""
    said = problem.args[0] if problem.args else b""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"this is no pattern of RE2: {words.partition(':')[0]}"
