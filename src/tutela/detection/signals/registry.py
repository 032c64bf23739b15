"""All signal kinds of a program, by name. Built once and passed around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutela.detection.signals.kind import ByteKind, PixelKind, ReducibleKind, SignalKind
from tutela.detection.signals.md5 import Md5
from tutela.detection.signals.pdq import Pdq
from tutela.detection.signals.sha1 import Sha1
from tutela.detection.signals.sha256 import Sha256
from tutela.errors import BadConfiguration, InvalidInput


class SignalKinds:
    """Signal kinds by name, in a fixed order.

    Attributes:
        names: of all kinds.
        byte_kinds: those that are made of the bytes of a file.
        pixel_kinds: those that are made of the pixels of a picture.
        reducible_kinds: those of them that can often do with less than all pixels.

    Raises:
        BadConfiguration: two kinds have the same name.
    """

    def __init__(self, kinds: Sequence[SignalKind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        if len(self._kinds) < len(kinds):
            raise BadConfiguration(
                "two signal kinds have the same name",
                where=", ".join(kind.name for kind in kinds),
                remedy="uninstall one of the packages that bring them",
            )
        self.names = tuple(self._kinds)
        self.byte_kinds = tuple(kind for kind in kinds if isinstance(kind, ByteKind))
        self.pixel_kinds = tuple(kind for kind in kinds if isinstance(kind, PixelKind))
        self.reducible_kinds = tuple(
            kind for kind in self.pixel_kinds if isinstance(kind, ReducibleKind)
        )

    def __getitem__(self, name: str) -> SignalKind:
        """The kind of that name.

        Raises:
            InvalidInput: there is none. The name is not repeated: it may be a fingerprint that
                stands in the wrong place.
        """
        kind = self._kinds.get(name)
        if kind is None:
            raise InvalidInput(
                "there is no signal kind of this name", remedy=f"use one of {', '.join(self.names)}"
            )
        return kind

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[SignalKind]:
        return iter(self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)

    def exact(self, name: str) -> bool:
        """Whether signals of that kind compare by equality.

        Raises:
            InvalidInput: there is no kind of that name.
        """
        return self[name].exact


def builtin_kinds() -> SignalKinds:
    """The kinds that come with Tutela: MD5, SHA-1, SHA-256 and PDQ."""
    return SignalKinds((Md5(), Sha1(), Sha256(), Pdq()))
