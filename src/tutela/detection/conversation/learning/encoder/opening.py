"""Open an encoder that settings name; the packages that run it are imported only then."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from tutela.detection.conversation.learning.encoder.card import EncoderFolder, read_folder
from tutela.errors import BadConfiguration

NETWORK = "tutela.detection.conversation.learning.encoder.network"


class Evident(Protocol):
    """What scores texts: `Network`, or another that fits."""

    def evidence(self, text: str) -> float:
        """Log of how much likelier a text is in a positive conversation than in another."""


def open_encoder(folder: Path, pinned: str, threads: int = 1) -> tuple[EncoderFolder, Evident]:
    """An encoder's files and the network made of them.

    Args:
        folder: with `card.json`, `model.onnx` and `tokenizer.json`.
        pinned: SHA-256 of `card.json`.
        threads: that one text may use.

    Raises:
        BadConfiguration: it cannot be used, or what runs it is not installed.
    """
    found = read_folder(folder, pinned)
    try:
        module = import_module(NETWORK)
    except ImportError:
        raise BadConfiguration(
            "the packages that run an encoder are not installed",
            where=str(folder),
            remedy="pip install 'tutela[onnx]'",
        ) from None
    return found, cast("Evident", module.Network(found, threads))
