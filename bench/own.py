"""Our way from the bytes of a picture file to its PDQ, as a decoder child goes it."""

from __future__ import annotations

import io

from tutela.detection.media.formats.decode import fingerprint_picture
from tutela.detection.media.formats.fingerprint import Fingerprints
from tutela.detection.media.formats.heic import fingerprint_heic
from tutela.detection.media.limits import Limits
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import HEAD_BYTES, Opener, sniff
from tutela.detection.signals.kind import PixelSignal, Reduced
from tutela.detection.signals.pdq import Pdq
from tutela.detection.signals.registry import SignalKinds
from tutela.model import Signal


class WatchedPdq(Pdq):
    """PDQ that remembers how the last picture was looked at.

    Attributes:
        scale: pixels along each side of the blocks that were enough, 1 for all pixels.
    """

    def __init__(self) -> None:
        self.scale = 1

    def of_reduced(self, picture: Reduced) -> PixelSignal | None:
        """As `Pdq`."""
        result = super().of_reduced(picture)
        self.scale = picture.scale if result else 1
        return result


class Own:
    """From bytes to signals.

    Args:
        dihedral: whether turned and mirrored variants are made too.
    """

    def __init__(self, *, dihedral: bool = False) -> None:
        self.pdq = WatchedPdq()
        self._kinds = SignalKinds((self.pdq,))
        self._watch = Watch(3600, deadly=False)
        self._dihedral = dihedral

    def signals(self, data: bytes, *, reduce: bool = True) -> tuple[Signal, ...]:
        """PDQ of a picture, and how it was decoded in `pdq.scale`; empty if it is too flat.

        Args:
            reduce: whether less than all pixels may do.
        """
        self.pdq.scale = 1
        into = Fingerprints(self._kinds, dihedral=self._dihedral, reduce=reduce)
        kind = sniff(data[:HEAD_BYTES])
        if kind.opener is Opener.HEIF:
            fingerprint_heic(io.BytesIO(data), Limits(), self._watch, into)
        else:
            fingerprint_picture(io.BytesIO(data), kind.form, Limits(), self._watch, into)
        return into.signals


def apart(left: str, right: str) -> int:
    """Bits between two fingerprints in hexadecimal digits."""
    return (int(left, 16) ^ int(right, 16)).bit_count()
