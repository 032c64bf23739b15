"""What an encoder's folder says of itself: `card.json` beside `model.onnx` and `tokenizer.json`."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from tutela.detection.conversation.learning.bounded import read_bounded
from tutela.detection.conversation.learning.calibrating import ScoreCalibration
from tutela.errors import BadConfiguration, InvalidInput
from tutela.model.record import Record

FORMAT = 1
CARD, NETWORK, TOKENIZER = "card.json", "model.onnx", "tokenizer.json"

_LARGEST_CARD = 1 << 20
_LARGEST_TOKENIZER = 64 << 20
_LARGEST_NETWORK = 1 << 31
_SHOWN = 12

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class EncoderInput(StrEnum):
    """What the network reads at a time."""

    MESSAGE = "message"
    """One message. More would mean to keep texts while a conversation goes on: that is not done."""


class EncoderCard(Record, frozen=True, kw_only=True):
    """Everything about an encoder but its weights.

    Attributes:
        format: see `FORMAT`.
        name: what its makers call it.
        licence: under which it may be used.
        input: what it reads at a time.
        most_tokens: of a text; what is longer is cut at its end.
        labels: names of what it gives scores (logits) to, in their order.
        positive: the label that speaks for a conversation that people should look at.
        calibration: makes its score the log odds of that; fitted on held-out messages.
        prevalence: share of positives among those.
        languages: in which it was trained; it is not asked about others.
        from_value: it is asked from this value (0 to 10) of the rater below it on.
        sha256: of `model.onnx` and `tokenizer.json`, by name.
        limits: what must be said wherever its figures are.
    """

    format: int
    name: Name
    licence: str
    input: EncoderInput
    most_tokens: Annotated[int, msgspec.Meta(ge=4, le=4096)]
    labels: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]
    positive: Name
    calibration: ScoreCalibration
    prevalence: Share
    languages: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    from_value: Annotated[float, msgspec.Meta(gt=0, le=10)]
    sha256: dict[str, Digest]
    limits: tuple[str, ...] = ()


class EncoderFolder(NamedTuple):
    """The checked files of an encoder.

    Attributes:
        card: what it says of itself.
        digest: SHA-256 of the card as a hexadecimal number; it names the other two files' digests.
        network: `model.onnx`.
        tokenizer: `tokenizer.json`.
    """

    card: EncoderCard
    digest: str
    network: bytes
    tokenizer: bytes

    @property
    def title(self) -> str:
        """Its name and the start of its digest, for ratings."""
        return f"encoder {self.card.name} ({self.digest[:_SHOWN]})"


def read_folder(folder: Path, pinned: str) -> EncoderFolder:
    """The files of an encoder after their digests were checked.

    Args:
        pinned: SHA-256 of `card.json` as the operator's settings name it.

    Raises:
        BadConfiguration: a file cannot be read, is not the one that was pinned, or makes no sense.
    """
    data = read_bounded(folder / CARD, _LARGEST_CARD, _refused)
    digest = sha256(data).hexdigest()
    if digest != pinned:
        raise _refused(folder / CARD, f"its SHA-256 is {digest}, which is not the one pinned")
    card = _decoded(folder / CARD, data)
    network = _checked(folder / NETWORK, card, _LARGEST_NETWORK)
    tokenizer = _checked(folder / TOKENIZER, card, _LARGEST_TOKENIZER)
    return EncoderFolder(card, digest, network, tokenizer)


def _decoded(path: Path, data: bytes) -> EncoderCard:
    try:
        card = msgspec.json.decode(data, type=EncoderCard)
    except (msgspec.MsgspecError, InvalidInput, UnicodeDecodeError) as problem:
        raise _refused(path, f"it is no card of an encoder: {problem}") from problem
    if card.format != FORMAT:
        raise _refused(path, f"its format is {card.format}; this version reads format {FORMAT}")
    if card.positive not in card.labels:
        raise _refused(path, "the positive label is none of its labels")
    return card


def _checked(path: Path, card: EncoderCard, most: int) -> bytes:
    data = read_bounded(path, most, _refused)
    if sha256(data).hexdigest() != card.sha256.get(path.name):
        raise _refused(path, "the file is not the one that its card names")
    return data


def _refused(path: Path, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the encoder cannot be used: {what}",
        where=str(path),
        remedy="copy it anew from where it was made; see docs/reference/rater-models.md",
    )
