"""From the pixels of one file to its signals and gaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np

from tutela.detection.signals.kind import (
    NoSignal,
    PixelKind,
    Pixels,
    PixelSignal,
    Reduced,
    ReducedVariants,
    ReducibleKind,
    Variants,
)
from tutela.detection.signals.registry import SignalKinds
from tutela.model import Gap, Signal

Result = TypeVar("Result")

_AS_IT_IS = "original"
"""What `PixelKind.dihedral` calls the variant that is none."""


class View(NamedTuple):
    """One way to look at a frame.

    Attributes:
        name: in the words of `Signal.part`; empty for the pixels as stored.
        pixels: the picture.
        variants: whether turned and mirrored variants of it add anything.
    """

    name: str
    pixels: Pixels
    variants: bool = True


class ReducedView(NamedTuple):
    """One way to look at a picture of which only the means of blocks are known."""

    name: str
    picture: Reduced
    variants: bool = True


class Fingerprints:
    """Collects the signals of one file. Equal fingerprints are kept once, under their first part.

    Args:
        kinds: the signal kinds to make.
        dihedral: whether turned and mirrored variants are made too.
        reduce: whether kinds that can do with less than all pixels may.

    Attributes:
        width, height: pixels of the picture as stored; 0 until a decoder knows them.
        frames: frames that were fingerprinted.
    """

    def __init__(self, kinds: SignalKinds, *, dihedral: bool, reduce: bool = False) -> None:
        self._kinds = kinds
        self._dihedral = dihedral
        self._reduce = reduce
        self._signals: dict[tuple[str, bytes], Signal] = {}
        self._made: set[tuple[str, str]] = set()
        self._gaps: list[Gap] = []
        self.width = 0
        self.height = 0
        self.frames = 0

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What was made so far."""
        return tuple(self._signals.values())

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Frames of which no view gave a signal."""
        return tuple(self._gaps)

    def reduction(self, height: int, width: int) -> int:
        """The largest blocks of pixels that may do for a picture of that size, 1 for none."""
        kinds = self._kinds.reducible_kinds
        if not self._reduce or len(kinds) < len(self._kinds.pixel_kinds):
            return 1
        return min((kind.reduction(height, width) for kind in kinds), default=1)

    def add_reduced(self, views: Iterable[ReducedView]) -> bool:
        """Fingerprints the only frame of a picture, seen in each of `views`, as far as that goes.

        Returns:
            Whether nothing is missing. Else the frame is to be added with all its pixels: what was
            made here stays, so that it does not depend on what else is made of the picture.
        """
        complete = True
        for view in views:
            for kind in self._kinds.reducible_kinds:
                for name, result in self._reduced_results(kind, view):
                    if result is None:
                        complete = False
                    else:
                        self._keep(kind, result, _joined(view.name, name))
        self.frames += complete
        return complete

    def _reduced_results(self, kind: ReducibleKind, view: ReducedView) -> ReducedVariants:
        if self._dihedral and view.variants:
            return _as_parts(kind.dihedral_of_reduced(view.picture))
        return (("", kind.of_reduced(view.picture)),)

    def add(self, views: Iterable[View], frame: str = "") -> None:
        """Fingerprints one frame, seen in each of `views`; the first is the frame as stored.

        Views are taken one at a time, so that they need not be in memory together.
        """
        failures: dict[str, NoSignal] = {}
        made: set[str] = set()
        for view in views:
            pixels = _settled(view.pixels)
            for kind in self._kinds.pixel_kinds:
                for name, result in self._results(kind, pixels, variants=view.variants):
                    if isinstance(result, NoSignal):
                        failures.setdefault(kind.name, result)
                        continue
                    made.add(kind.name)
                    self._keep(kind, result, _joined(frame, view.name, name))
        self.frames += 1
        for kind_name, failure in failures.items():
            if kind_name not in made:
                self._gaps.append(Gap(reason=failure.reason, detail=failure.detail, part=frame))

    def _results(self, kind: PixelKind, pixels: Pixels, *, variants: bool) -> Variants:
        if self._dihedral and variants:
            return _as_parts(kind.dihedral(pixels))
        return (("", kind.of_pixels(pixels)),)

    def _keep(self, kind: PixelKind, result: PixelSignal, part: str) -> None:
        key = kind.name, result.value
        if (kind.name, part) in self._made:
            return
        self._made.add((kind.name, part))
        if key not in self._signals:
            self._signals[key] = Signal(
                kind=kind.name,
                value=kind.text(result.value),
                part=part,
                quality=result.quality,
                low_information=result.low_information,
            )


def _as_parts(
    variants: tuple[tuple[str, Result], ...],
) -> tuple[tuple[str, Result], ...]:
    """With the names that they have in `Signal.part`."""
    return tuple((name.replace(_AS_IT_IS, ""), result) for name, result in variants)


def _joined(*names: str) -> str:
    return ", ".join(filter(None, names))


def _settled(pixels: Pixels) -> Pixels:
    """In C order and read-only: kernels are compiled for this one layout before lock-down."""
    settled = np.ascontiguousarray(pixels)
    if settled.flags.writeable:
        settled = settled.view()
        settled.flags.writeable = False
    return settled
