"""A learned model on disk: one file of arrays, one card in JSON. Nothing in them is a program."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.bounded import read_bounded
from tutela.detection.conversation.learning.card import FORMAT, Card, Shape
from tutela.detection.conversation.learning.following import FEATURES, Ruling, Wording
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.errors import BadConfiguration, InvalidInput

ARRAYS = "model.npz"
CARD = "card.json"

_LARGEST_ARRAYS = 16 << 20
_LARGEST_CARD = 4 << 20
_SHOWN = 12

Arrays = Mapping[str, NDArray[Any]]


class LearnedModel(NamedTuple):
    """A model ready to use.

    Attributes:
        wording: what scores the wording of a moment.
        ruling: what scores how that went.
        card: all else.
    """

    wording: Wording
    ruling: Ruling
    card: Card

    @property
    def title(self) -> str:
        """Its name and the start of its digest, for ratings: `learned pan12 (3f2a90c1d2e4)`."""
        return f"learned {self.card.name} ({self.card.digest[:_SHOWN]})"

    @property
    def calibration(self) -> str:
        """What made scores probabilities: it comes with the model."""
        return f"{self.card.calibration.kind} {self.card.digest[:_SHOWN]}"


def save(model: LearnedModel, folder: Path) -> LearnedModel:
    """Write a model into a folder of its own; returns it with its digests.

    Raises:
        InvalidInput: there is a model already, or nothing can be written.
    """
    arrays: Arrays = {
        "wording": model.wording.weights,
        "cues": np.array(model.wording.cues, np.float64),
        "following": np.array(model.ruling.weights, np.float64),
        "intercepts": np.array([model.wording.intercept, model.ruling.intercept], np.float64),
    }
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **arrays)
    shapes = {name: _shape(array) for name, array in arrays.items()}
    digest = sha256(written.getvalue()).hexdigest()
    card = msgspec.structs.replace(model.card, arrays=shapes, file_sha256=digest).sealed()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / ARRAYS, written.getvalue())
        _write(folder / CARD, msgspec.json.format(msgspec.json.encode(card)))
    except FileExistsError as problem:
        raise InvalidInput(
            "there is a model in this folder already",
            where=str(folder),
            remedy="name a folder that is empty or new",
        ) from problem
    except OSError as problem:
        raise InvalidInput(
            f"the model cannot be written: {problem.strerror}", where=str(folder)
        ) from problem
    return model._replace(card=card)


def load(folder: Path) -> LearnedModel:
    """The model in a folder, after every digest, name, type and shape was checked.

    Raises:
        BadConfiguration: it cannot be read, was changed, or is of another format.
    """
    card = _card(folder / CARD)
    data = read_bounded(folder / ARRAYS, _LARGEST_ARRAYS, _refused)
    if sha256(data).hexdigest() != card.file_sha256:
        raise _refused(folder / ARRAYS, "the file is not the one that its card was written for")
    arrays = _arrays(folder / ARRAYS, data)
    expected = _expected(card)
    found = {name: (str(array.dtype), array.shape) for name, array in arrays.items()}
    if found != expected or {name: _shape(array) for name, array in arrays.items()} != card.arrays:
        raise _refused(folder / ARRAYS, "its arrays are not those of a model of this format")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise _refused(folder / ARRAYS, "not all of its numbers are finite")
    wording, ruling = arrays["intercepts"].tolist()
    weights = arrays["wording"]
    weights.setflags(write=False)
    return LearnedModel(
        Wording(weights, tuple(arrays["cues"].tolist()), wording),
        Ruling(tuple(arrays["following"].tolist()), ruling),
        card,
    )


def _card(path: Path) -> Card:
    data = read_bounded(path, _LARGEST_CARD, _refused)
    try:
        card = msgspec.json.decode(data, type=Card)
    except (msgspec.MsgspecError, InvalidInput, UnicodeDecodeError) as problem:
        raise _refused(path, "it is no card of a model") from problem
    if card.format != FORMAT:
        raise _refused(path, f"its format is {card.format}; this version reads format {FORMAT}")
    if not card.intact:
        raise _refused(path, "it was changed after it was written")
    if card.features != FEATURES:
        raise _refused(path, "it was trained for other features than this version has")
    return card


def _arrays(path: Path, data: bytes) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > _LARGEST_ARRAYS:
            raise _refused(path, "its arrays are larger than those of any model")
        with np.load(io.BytesIO(data), allow_pickle=False) as opened:
            return {name: opened[name] for name in opened.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as problem:
        raise _refused(path, "it is no file of arrays") from problem


def _expected(card: Card) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        "wording": ("float32", (SIZE,)),
        "cues": ("float64", (len(card.families),)),
        "following": ("float64", (len(FEATURES),)),
        "intercepts": ("float64", (2,)),
    }


def _shape(array: NDArray[Any]) -> Shape:
    digest = sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return Shape(type=str(array.dtype), shape=array.shape, sha256=digest)


def _write(path: Path, content: bytes) -> None:
    """Write a file that is not there yet. Of one that is cut short the digest tells."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _refused(path: Path, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the learned model cannot be used: {what}",
        where=str(path),
        remedy="copy it anew from where it was trained, or train it again",
    )
