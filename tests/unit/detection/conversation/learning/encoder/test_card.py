from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.unit.detection.conversation.learning.encoder.conftest import write

from tutela.detection.conversation.learning.encoder.card import (
    CARD,
    NETWORK,
    TOKENIZER,
    EncoderCard,
    read_folder,
)
from tutela.errors import BadConfiguration


def test_a_folder_is_read_with_its_title(folder: Path) -> None:
    digest = write(folder)
    found = read_folder(folder, digest)
    assert found.title == f"encoder words ({digest[:12]})"
    assert found.network == (folder / NETWORK).read_bytes()


@pytest.mark.parametrize("name", [CARD, NETWORK, TOKENIZER])
def test_a_flipped_byte_is_refused(folder: Path, name: str) -> None:
    digest = write(folder)
    flipped = bytearray((folder / name).read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (folder / name).write_bytes(flipped)
    with pytest.raises(BadConfiguration, match=r"not the one") as caught:
        read_folder(folder, digest)
    assert caught.value.where == str(folder / name)


@pytest.mark.parametrize("name", [CARD, NETWORK, TOKENIZER])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    digest = write(folder)
    (folder / name).unlink()
    with pytest.raises(BadConfiguration, match="cannot be read") as caught:
        read_folder(folder, digest)
    assert caught.value.where == str(folder / name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "reads format 1"),
        ({"positive": "yes"}, "none of its labels"),
        ({"labels": ()}, "no card of an encoder"),
        ({"most_tokens": 0}, "no card of an encoder"),
        ({"input": "window"}, "no card of an encoder"),
        ({"from_value": 0.0}, "no card of an encoder"),
        ({"prevalence": 1.0}, "no card of an encoder"),
        ({"sha256": {}}, "not the one that its card names"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadConfiguration, match=message):
        read_folder(folder, write(folder, **changes))


def test_the_card_in_the_manual_is_one() -> None:
    page = (Path(__file__).parents[6] / "docs/reference/rater-models.md").read_text("utf-8")
    card = msgspec.json.decode(page.split("```json")[1].split("```")[0], type=EncoderCard)
    assert card.positive in card.labels
    assert card.sha256.keys() == {NETWORK, TOKENIZER}
