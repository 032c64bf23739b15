"""Where the bytes of a finding came from, step by step, and what handled them."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from msgspec.structs import replace

from tutela.model import Content, Event, Match
from tutela.model.custody.evidence import Step, StepKind
from tutela.model.custody.names import found

PLACES = 100
"""So many places in an archive or video are named at most; the matches name them all."""

HANDLERS = ("tutela", "cryptography", "pillow", "av", "numpy", "msgspec")
"""Packages that touch the bytes of evidence, or turn them into signals."""

_DIGESTS = ("sha256", "sha1", "md5")
_FRAME = re.compile(r"frame [0-9]+")


def whole(event: Event) -> Content | None:
    """The content that was handed in, as a whole; None where there was none."""
    return next((content for content in event.contents if not content.path), None)


def digests(content: Content) -> Mapping[str, str]:
    """The exact fingerprints of some content, by name."""
    own = {one.kind: one.value for one in content.signals if not one.part}
    return {name: own[name] for name in _DIGESTS if name in own}


def chain(handed: Step, event: Event, matches: Sequence[Match]) -> tuple[Step, ...]:
    """How the bytes that matched came out of those that were handed in, outermost first.

    Args:
        handed: how the whole came in.
        event: what it became.
        matches: what was found in it.
    """
    outer = whole(event)
    first = replace(handed, digests=digests(outer)) if outer else handed
    return (first, *_inner(event, matches))


def _inner(event: Event, matches: Sequence[Match]) -> Iterator[Step]:
    contents = {content.path: content for content in event.contents}
    seen: set[tuple[tuple[str, ...], str]] = set()
    for match in matches:
        for depth in range(1, len(match.path) + 1):
            path = match.path[:depth]
            if len(seen) < PLACES and (path, "") not in seen:
                seen.add((path, ""))
                yield _member(path, contents.get(path))
        frame = _FRAME.search(match.part)
        if frame and len(seen) < PLACES and (match.path, frame[0]) not in seen:
            seen.add((match.path, frame[0]))
            yield Step(kind=StepKind.FRAME, name=frame[0])


def _member(path: tuple[str, ...], content: Content | None) -> Step:
    name = found(path[-1])
    own = digests(content) if content else {}
    return Step(kind=StepKind.MEMBER, name=name.text, name_bytes=name.exact, digests=own)


def handlers() -> Mapping[str, str]:
    """Versions of what handles evidence, by name."""
    known = {"python": platform.python_version()}
    for name in HANDLERS:
        try:
            known[name] = version(name)
        except PackageNotFoundError:  # such as one that a distribution has put there otherwise
            known[name] = "unknown"
    return known
