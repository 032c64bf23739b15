from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.model import Content, GapReason

if TYPE_CHECKING:
    from tests.unit.detection.media.formats.conftest import Quarters, Writer

Landscape = Callable[..., Image.Image]
Examine = Callable[..., list[Content]]
Pdq = Callable[[NDArray[np.uint8]], str]
Apart = Callable[[str, str], int]

CLOSE_BITS = 8
NEAR_BITS = 31  # small pictures lose more to the coder, but still match


def prints(content: Content) -> dict[str, str]:
    return {s.part: s.value for s in content.signals if s.kind == "pdq"}


@pytest.fixture(scope="module")
def original(landscape: Landscape) -> NDArray[np.uint8]:
    return np.asarray(landscape(256, 192, 7))


def test_a_picture_of_another_programs_making(
    fixtures: Path, examine: Examine, pdq: Pdq, apart: Apart, original: NDArray[np.uint8]
) -> None:
    (content,) = examine((fixtures / "landscape.heic").read_bytes())
    assert content.media_type == "image/heic"
    assert (content.width, content.height, content.frames) == (256, 192, 1)
    assert apart(prints(content)[""], pdq(original)) <= CLOSE_BITS
    assert content.gaps == ()


def test_it_agrees_with_ffmpegs_own_reader(fixtures: Path, examine: Examine, pdq: Pdq) -> None:
    data = (fixtures / "landscape.heic").read_bytes()
    with av.open(io.BytesIO(data), "r", format="mov") as container:
        frame = next(container.decode(video=0))
    (content,) = examine(data)
    pixels = frame.to_ndarray(format="rgb24")
    assert prints(content)[""] == pdq(pixels.astype(np.uint8))


def test_several_pictures_in_one_file(
    fixtures: Path, examine: Examine, pdq: Pdq, apart: Apart, original: NDArray[np.uint8]
) -> None:
    (content,) = examine((fixtures / "quarters.heic").read_bytes())
    found = prints(content)
    assert list(found) == ["frame 0", "frame 1", "frame 2", "frame 3"]
    assert apart(found["frame 1"], pdq(original[:96, 128:])) <= NEAR_BITS
    assert apart(found["frame 2"], pdq(original[96:, :128])) <= NEAR_BITS
    assert content.gaps == ()


def test_pictures_that_were_left_out_are_a_gap(fixtures: Path, examine: Examine) -> None:
    (content,) = examine((fixtures / "quarters.heic").read_bytes(), frames=2)
    assert [gap.reason for gap in content.gaps] == [GapReason.TOO_LARGE]
    assert len(prints(content)) == 2


def test_tiles_are_put_together(
    quarters: Quarters, examine: Examine, pdq: Pdq, apart: Apart, original: NDArray[np.uint8]
) -> None:
    """As in photographs of telephones. Tiles are no pictures of their own."""
    (content,) = examine(quarters.grid())
    assert list(prints(content)) == [""]
    assert apart(prints(content)[""], pdq(original)) <= CLOSE_BITS
    assert (content.width, content.height) == (256, 192)
    assert content.gaps == ()


@pytest.mark.parametrize("angle", [1, 2, 3])
def test_a_turned_picture(
    quarters: Quarters,
    make_heif: type[Writer],
    examine: Examine,
    pdq: Pdq,
    apart: Apart,
    original: NDArray[np.uint8],
    angle: int,
) -> None:
    (content,) = examine(quarters.grid(make_heif.box(b"irot", bytes([angle]))))
    found = prints(content)
    assert list(found) == ["", "turned"]
    assert apart(found[""], pdq(original)) <= CLOSE_BITS
    assert apart(found["turned"], pdq(np.rot90(original, angle))) <= CLOSE_BITS
    assert (content.width, content.height) == (256, 192)


@pytest.mark.parametrize(("axis", "flipped"), [(0, np.flipud), (1, np.fliplr)])
def test_a_mirrored_picture(
    quarters: Quarters,
    make_heif: type[Writer],
    examine: Examine,
    pdq: Pdq,
    apart: Apart,
    original: NDArray[np.uint8],
    axis: int,
    flipped: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
) -> None:
    (content,) = examine(quarters.grid(make_heif.box(b"imir", bytes([axis]))))
    assert apart(prints(content)["turned"], pdq(flipped(original))) <= CLOSE_BITS


def test_a_cropped_picture(
    quarters: Quarters,
    make_heif: type[Writer],
    examine: Examine,
    pdq: Pdq,
    apart: Apart,
    original: NDArray[np.uint8],
) -> None:
    """128 by 96 pixels, whose centre is 32 to the left of the picture's, 24 below it."""
    window = struct.pack(">IIIIiIiI", 128, 1, 96, 1, -32, 1, 24, 1)
    (content,) = examine(quarters.grid(make_heif.box(b"clap", window)))
    found = prints(content)
    assert list(found) == ["", "cropped"]
    assert apart(found["cropped"], pdq(original[72:168, 32:160])) <= NEAR_BITS


@pytest.mark.parametrize(
    "window", [(0, 1, 0, 1, 0, 1, 0, 1), (9, 0, 9, 1, 0, 1, 0, 1), (8, 1, 8, 1, 9999, 1, 0, 1)]
)
def test_a_window_onto_nothing(
    quarters: Quarters, make_heif: type[Writer], examine: Examine, window: tuple[int, ...]
) -> None:
    (content,) = examine(quarters.grid(make_heif.box(b"clap", struct.pack(">8i", *window))))
    assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (3, 3), (256, 256), (1, 4), (4, 1)])
def test_a_grid_that_does_not_fit_its_tiles(
    quarters: Quarters, examine: Examine, rows: int, columns: int
) -> None:
    (content,) = examine(quarters.grid(rows=rows, columns=columns))
    assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]
    assert prints(content) == {}


def test_a_grid_over_the_pixel_limit(quarters: Quarters, examine: Examine) -> None:
    (content,) = examine(quarters.grid(), pixels=256 * 192 - 1)
    assert [gap.reason for gap in content.gaps] == [GapReason.TOO_MANY_PIXELS]


def test_a_picture_over_the_pixel_limit(fixtures: Path, examine: Examine) -> None:
    (content,) = examine((fixtures / "landscape.heic").read_bytes(), pixels=10_000)
    assert content.gaps
    assert prints(content) == {}


@pytest.mark.parametrize("kind", [b"jpeg", b"av01", b"iovl", b"iden"])
def test_another_coding_is_not_supported(
    make_heif: type[Writer], examine: Examine, kind: bytes
) -> None:
    data = make_heif.file([make_heif.part(kind, b"12345678", (make_heif.size(8, 8),))])
    (content,) = examine(data)
    assert [gap.reason for gap in content.gaps] == [GapReason.UNSUPPORTED]


def test_a_sequence_beside_the_picture_is_a_gap(
    quarters: Quarters, make_heif: type[Writer], examine: Examine
) -> None:
    tile = make_heif.part(
        b"hvc1", quarters.tiles[0], (quarters.configuration, make_heif.size(128, 96))
    )
    (content,) = examine(make_heif.file([tile], extra=make_heif.box(b"moov", bytes(8))))
    assert len(prints(content)) == 1
    assert [gap.reason for gap in content.gaps] == [GapReason.UNSUPPORTED]


def test_half_a_file_is_damaged(fixtures: Path, examine: Examine) -> None:
    data = (fixtures / "landscape.heic").read_bytes()
    (content,) = examine(data[: len(data) // 2])
    assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]
    assert prints(content) == {}


def test_a_configuration_that_is_nonsense(
    quarters: Quarters, make_heif: type[Writer], examine: Examine
) -> None:
    tile = make_heif.part(
        b"hvc1", quarters.tiles[0], (make_heif.box(b"hvcC", bytes(40)), make_heif.size(128, 96))
    )
    (content,) = examine(make_heif.file([tile]))
    assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]
