"""What a signal kind is: a way to make fingerprints, and the text form they travel in.

A kind has no state. A new one is an object that fits `ByteKind` or `PixelKind`, declared as an
entry point (see `tutela.extensions`) and run through `tests/contract/test_signal_kinds.py`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tutela.model import GapReason, LowInformation, Measure
from tutela.model.record import Record

Pixels = NDArray[np.uint8]
"""A picture: (h, w, 3) in RGB, or (h, w) in grey."""

Variants = tuple[tuple[str, "PixelSignal | NoSignal"], ...]
"""Results for one picture turned and mirrored, each with the name of what was done."""


class Reduced(NamedTuple):
    """A picture of which only the means of square blocks of pixels are known.

    Attributes:
        pixels: of each block of the picture as stored, from its upper left corner on; blocks at
            the right and lower edge may be cut off.
        height, width: of the whole picture as stored.
        scale: pixels along each side of a block: 2, 4 or 8.
        mirrored: whether the picture is looked at with its rows, and its columns, in the other
            order than stored.
        turned: whether rows become columns after that.
    """

    pixels: Pixels
    height: int
    width: int
    scale: int
    mirrored: tuple[bool, bool] = (False, False)
    turned: bool = False


class PixelSignal(Record, frozen=True, kw_only=True):
    """A fingerprint of a picture.

    Attributes:
        value: the fingerprint in its canonical bytes.
        quality: 0 to 100, how much there was in the picture to tell it from others.
        low_information: why there is too little in the picture for matches that are not near.
    """

    value: bytes
    quality: int
    low_information: LowInformation | None = None


class NoSignal(Record, frozen=True, kw_only=True):
    """Why a picture has no fingerprint.

    Attributes:
        reason: the kind of obstacle.
        detail: one calm sentence for people, without a final dot.
    """

    reason: GapReason
    detail: str = ""


ReducedVariants = tuple[tuple[str, "PixelSignal | None"], ...]
"""As `Variants`, with None for those that all pixels are needed for."""


class SignalKind(Protocol):
    """What every signal kind has. Signals of one kind are compared with each other only.

    Properties:
        name: lower case, stable: it is stored, and it is the `kind` of signals and entries.
        bits: size of a fingerprint; a multiple of 8.
        exact: whether signals compare by equality, and not by their Hamming distance.
        measure: what the scoreboard of principles shows of this detector.
    """

    @property
    def name(self) -> str:
        """Lower case, stable."""

    @property
    def bits(self) -> int:
        """Size of a fingerprint."""

    @property
    def exact(self) -> bool:
        """Whether signals compare by equality."""

    @property
    def measure(self) -> Measure:
        """What the scoreboard shows."""

    def parse(self, text: str) -> bytes:
        """Canonical bytes, `bits` / 8 of them, of any text form in which services write them.

        Raises:
            InvalidInput: it is none of these forms. The error never repeats the text.
        """

    def text(self, value: bytes) -> str:
        """Canonical text of canonical bytes: what is stored, compared and shown to curators."""


class ByteHasher(Protocol):
    """A fingerprint of bytes in the making."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Canonical bytes of the fingerprint of all bytes so far."""


@runtime_checkable
class ByteKind(SignalKind, Protocol):
    """A kind that is made of the bytes of a file."""

    def hasher(self) -> ByteHasher:
        """A new fingerprint, of no bytes yet."""


@runtime_checkable
class PixelKind(SignalKind, Protocol):
    """A kind that is made of the pixels of a picture.

    Methods may be called from several threads at once. What has to be compiled, read or opened is
    so at the first call: the child process that calls them loses the right to it afterwards.
    """

    def of_pixels(self, pixels: Pixels) -> PixelSignal | NoSignal:
        """The fingerprint of a picture, or why it has none.

        Raises:
            InvalidInput: `pixels` is not an array of uint8 in one of the two shapes.
        """

    def dihedral(self, pixels: Pixels) -> Variants:
        """The fingerprints of a picture turned and mirrored in all eight ways, `original` first.

        Raises:
            InvalidInput: as for `of_pixels`.
        """


@runtime_checkable
class ReducibleKind(PixelKind, Protocol):
    """A kind that often needs no more of a picture than the means of blocks of its pixels.

    So a decoder that can give these at less cost does. The kind answers for the result being as
    near to that of all pixels as it promises.
    """

    def reduction(self, height: int, width: int) -> int:
        """The largest blocks worth trying for a picture of that size: 2, 4 or 8, or 1 for none."""

    def of_reduced(self, picture: Reduced) -> PixelSignal | None:
        """The fingerprint of a picture, or None where all its pixels are needed to tell."""

    def dihedral_of_reduced(self, picture: Reduced) -> ReducedVariants:
        """As `dihedral`, of which each may be None. The original is what `of_reduced` gives."""
