from __future__ import annotations

import io
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.conversation.learning.card import Card
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.detection.conversation.learning.model import ARRAYS, CARD, load, save
from tutela.errors import BadConfiguration, InvalidInput


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "model")


def test_what_is_loaded_is_what_was_saved(trained: Path, tmp_path: Path) -> None:
    model = load(trained)
    save(model, tmp_path / "again")
    again = load(tmp_path / "again")
    assert again.ruling == model.ruling
    assert again.wording.cues == model.wording.cues
    assert again.wording.weights.tobytes() == model.wording.weights.tobytes()
    assert again.card == model.card
    assert (tmp_path / "again" / ARRAYS).read_bytes() == (trained / ARRAYS).read_bytes()


def test_a_model_is_never_written_over_another(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="there is a model in this folder already"):
        save(load(folder), folder)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_of_the_arrays_is_refused(folder: Path, data: st.DataObject) -> None:
    whole = (folder / ARRAYS).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    (folder / ARRAYS).write_bytes(flipped)
    with pytest.raises(BadConfiguration, match="not the one that its card was written for"):
        load(folder)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_of_the_card_is_refused_or_says_the_same(
    folder: Path, trained: Path, data: st.DataObject
) -> None:
    whole = (trained / CARD).read_bytes()
    flipped = bytearray(whole)
    flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (folder / CARD).write_bytes(flipped)
    try:
        found = load(folder).card
    except BadConfiguration:
        return
    assert found == load(trained).card  # white space, or a digit beyond a number's precision


def forge(folder: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Other arrays, with digests that fit: what somebody makes who knows the format."""
    written = io.BytesIO()
    np.savez(written, allow_pickle=True, **arrays)
    (folder / ARRAYS).write_bytes(written.getvalue())
    reseal(folder, file_sha256=sha256(written.getvalue()).hexdigest())


def reseal(folder: Path, **changes: object) -> None:
    card = msgspec.json.decode((folder / CARD).read_bytes(), type=Card)
    changed = msgspec.structs.replace(card, **changes).sealed()
    (folder / CARD).write_bytes(msgspec.json.encode(changed))


def arrays_of(folder: Path) -> dict[str, NDArray[Any]]:
    with np.load(folder / ARRAYS, allow_pickle=False) as opened:
        return {name: opened[name] for name in opened.files}


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("wording", np.zeros(SIZE - 1, np.float32)),
        ("wording", np.zeros(SIZE, np.float64)),
        ("cues", np.zeros(99)),
        ("intercepts", np.zeros((2, 1))),
        ("more", np.zeros(1)),
    ],
)
def test_other_arrays_are_refused(folder: Path, name: str, array: NDArray[Any]) -> None:
    forge(folder, {**arrays_of(folder), name: array})
    with pytest.raises(BadConfiguration, match="not those of a model of this format"):
        load(folder)


def test_an_array_of_objects_is_never_unpacked(folder: Path) -> None:
    forge(folder, {**arrays_of(folder), "cues": np.array([{}, []], dtype=object)})
    with pytest.raises(BadConfiguration, match="no file of arrays"):
        load(folder)


def test_a_file_that_grows_when_unpacked_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / ARRAYS, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("wording.npy", bytes(20 << 20))
    reseal(folder, file_sha256=sha256((folder / ARRAYS).read_bytes()).hexdigest())
    with pytest.raises(BadConfiguration, match="larger than those of any model"):
        load(folder)


def test_numbers_that_are_not_finite_are_refused(folder: Path) -> None:
    arrays = arrays_of(folder)
    arrays["intercepts"] = np.array([np.nan, 0.0])
    forge(folder, arrays)
    card = msgspec.json.decode((folder / CARD).read_bytes(), type=Card)
    shape = msgspec.structs.replace(
        card.arrays["intercepts"], sha256=sha256(np.array([np.nan, 0.0]).tobytes()).hexdigest()
    )
    reseal(folder, arrays={**card.arrays, "intercepts": shape})
    with pytest.raises(BadConfiguration, match="finite"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "its format is 2; this version reads format 1"),
        ({"features": ("other",)}, "other features"),
    ],
)
def test_another_kind_of_model_is_refused(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    reseal(folder, **changes)
    with pytest.raises(BadConfiguration, match=message):
        load(folder)


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="it cannot be read: No such file") as caught:
        load(tmp_path)
    assert caught.value.where == str(tmp_path / CARD)
