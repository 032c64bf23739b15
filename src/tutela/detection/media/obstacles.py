"""What keeps a part of content from being compared, on its way to becoming a gap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tutela.detection.media.limits import Limits
from tutela.model import Gap, GapReason


class NotCompared(Exception):
    """A part cannot be compared; carries the gap that says so."""

    def __init__(self, reason: GapReason, detail: str) -> None:
        self.gap = Gap(reason=reason, detail=detail)
        super().__init__(detail)


class Exhausted(NotCompared):
    """A limit of the outermost archive is passed: nothing more is unpacked, at any level."""

    def __init__(self, detail: str) -> None:
        super().__init__(GapReason.ARCHIVE_LIMIT, detail)


@contextmanager
def hostile(what: str = "the picture") -> Iterator[None]:
    """Turns whatever a decoder raises into the gap `damaged`: hostile bytes provoke anything.

    The decoder's own message may hold content and is left out.
    """
    try:
        yield
    except (MemoryError, NotCompared):
        raise
    except NotImplementedError as error:
        raise NotCompared(
            GapReason.UNSUPPORTED, f"{what} uses a feature that is not supported"
        ) from error
    except Exception as error:
        raise NotCompared(
            GapReason.DAMAGED, f"{what} is damaged or not well formed ({type(error).__name__})"
        ) from error


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuses pictures over the pixel limit, from what their header says.

    Raises:
        NotCompared: it is too large.
    """
    if width * height > limits.pixels:
        raise NotCompared(
            GapReason.TOO_MANY_PIXELS,
            f"{width} x {height} pixels; the limit is {limits.pixels} pixels",
        )
