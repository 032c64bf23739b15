"""Large JPEG pictures, decoded at a part of their size where that does."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFile

from tutela.detection.media.formats.decode import prepare
from tutela.drill.photographs import listed
from tutela.model import Content, GapReason

Encode = Callable[..., bytes]
Examine = Callable[..., list[Content]]
Sizes = list[tuple[int, int]]


@pytest.fixture(autouse=True)
def _prepared() -> None:
    prepare()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Sizes:
    """Sizes at which Pillow decoded pictures, in turn."""
    sizes: Sizes = []
    load = ImageFile.ImageFile.load

    def loaded(image: ImageFile.ImageFile) -> object:
        if image.tile:
            sizes.append(image.size)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", loaded)
    return sizes


@pytest.fixture(scope="session")
def photograph() -> Image.Image:
    """A photograph of 1600 by 900 pixels."""
    with Image.open(io.BytesIO(listed()[0].data)) as image:
        return image.convert("RGB").resize((1600, 900))


def prints(content: Content) -> dict[str, str]:
    return {s.part: s.value for s in content.signals if s.kind == "pdq"}


def farthest(left: Content, right: Content, apart: Callable[[str, str], int]) -> int:
    ours, theirs = prints(left), prints(right)
    assert ours.keys() == theirs.keys()
    return max(apart(value, theirs[part]) for part, value in ours.items())


FORMS = [
    {"quality": 85},
    {"quality": 60, "progressive": True},
    {"quality": 85, "subsampling": "4:4:4"},
    {"quality": 85, "subsampling": "4:2:2", "optimize": True},
]


@pytest.mark.parametrize("options", FORMS, ids=str)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_half_the_size_is_enough(
    photograph: Image.Image,
    encode: Encode,
    examine: Examine,
    apart: Callable[[str, str], int],
    decoded: Sizes,
    mode: str,
    options: dict[str, object],
) -> None:
    data = encode(photograph.convert(mode), "JPEG", **options)
    (content,) = examine(data)
    assert decoded == [(800, 450)]
    (whole,) = examine(data, exact_pixels=True)
    assert decoded[1:] == [(1600, 900)]
    assert farthest(content, whole, apart) <= 6
    assert (content.width, content.height, content.frames) == (1600, 900, 1)
    assert (whole.width, whole.height, whole.frames) == (1600, 900, 1)


@pytest.mark.parametrize(
    ("width", "height", "at"),
    [(1024, 767, 1), (1024, 768, 2), (1537, 1535, 2), (2000, 1536, 4), (3400, 3073, 8)],
)
def test_the_larger_the_picture_the_smaller_its_part(
    photograph: Image.Image,
    encode: Encode,
    examine: Examine,
    apart: Callable[[str, str], int],
    decoded: Sizes,
    width: int,
    height: int,
    at: int,
) -> None:
    data = encode(photograph.resize((width, height)), "JPEG", quality=80)
    (content,) = examine(data)
    assert decoded == [(-(-width // at), -(-height // at))]
    (whole,) = examine(data, exact_pixels=True)
    assert farthest(content, whole, apart) <= (6 if at > 1 else 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dihedral", [False, True])
def test_turned_pictures_and_variants(
    photograph: Image.Image,
    encode: Encode,
    examine: Examine,
    apart: Callable[[str, str], int],
    orientation: int,
    dihedral: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = encode(photograph.crop((3, 5, 1502, 896)), "JPEG", quality=80, exif=exif)
    (content,) = examine(data, dihedral=dihedral)
    (whole,) = examine(data, dihedral=dihedral, exact_pixels=True)
    ours, theirs = prints(content), prints(whole)
    assert {"", *(["turned"] if orientation > 1 and not dihedral else [])} <= ours.keys()
    assert len(ours) >= (8 if dihedral else 1)
    # Equal ones are kept once, and what is equal may differ: so each is sought among all.
    for here, there in ((ours, theirs), (theirs, ours)):
        for value in here.values():
            assert min(apart(value, other) for other in there.values()) <= 6
    for part in ours.keys() & theirs.keys():
        assert apart(ours[part], theirs[part]) <= 6


def test_a_fingerprint_does_not_depend_on_what_else_is_made(
    encode: Encode, examine: Examine, decoded: Sizes
) -> None:
    """Of some photographs a variant needs all pixels, and the picture as it is does not."""
    exif = Image.Exif()
    exif[274] = 6
    mixed = 0
    for photograph in listed():
        with Image.open(io.BytesIO(photograph.data)) as image:
            data = encode(image, "JPEG", quality=80, exif=exif)
        alone = prints(examine(data)[0])
        at_first = decoded.copy()
        decoded.clear()
        (content,) = examine(data, dihedral=True)
        mixed += decoded != at_first
        decoded.clear()
        among = prints(content)
        assert content.frames == 1
        assert among[""] == alone[""]
        # Equal ones are kept once: as "turned", it may have the name of a variant.
        assert among.get("turned") in {alone["turned"], None}
    assert mixed


def haze(width: int, height: int) -> Image.Image:
    """Nearly flat: its fingerprint hangs by a thread in many bits."""
    y, x = np.mgrid[:height, :width]
    grey = 128 + 9 * np.sin(x / 300) + 8 * np.cos(y / 200)
    return Image.fromarray(grey.astype(np.uint8))


def test_flat_pictures_are_decoded_whole(encode: Encode, examine: Examine, decoded: Sizes) -> None:
    (content,) = examine(encode(haze(1600, 900), "JPEG"))
    assert decoded == [(800, 450), (1600, 900)]
    assert [gap.reason for gap in content.gaps] == [GapReason.FLAT]
    assert content.frames == 1


def test_many_bits_that_hang_by_a_thread_need_all_pixels(
    encode: Encode, examine: Examine, decoded: Sizes
) -> None:
    """Bars from left to right: of all other coefficients it is noise that decides."""
    x = np.arange(1600)
    bars = np.where(x // 100 % 2, 250, 5).astype(np.uint8)
    data = encode(Image.fromarray(np.repeat(bars[None], 900, 0)), "JPEG")
    (content,) = examine(data)
    assert decoded == [(800, 450), (1600, 900)]
    assert examine(data, exact_pixels=True) == [content]


def test_noise_is_decoded_whole(encode: Encode, examine: Examine, decoded: Sizes) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 1600, 3), dtype=np.uint8)
    examine(encode(Image.fromarray(noise), "JPEG", quality=80))
    assert decoded == [(1600, 900)]


def test_what_is_no_plain_jpeg_is_decoded_whole(
    photograph: Image.Image, encode: Encode, examine: Examine, decoded: Sizes
) -> None:
    examine(encode(photograph.convert("CMYK"), "JPEG"))
    examine(encode(photograph, "WEBP"))
    examine(encode(photograph, "MPO", save_all=True, append_images=[photograph.rotate(180)]))
    assert set(decoded) == {(1600, 900)}


def test_a_cut_picture_is_damaged_either_way(
    photograph: Image.Image, encode: Encode, examine: Examine
) -> None:
    data = encode(photograph, "JPEG", quality=85)
    for end in (len(data) // 3, len(data) - 2000):
        (content,) = examine(data[:end])
        (whole,) = examine(data[:end], exact_pixels=True)
        assert [gap.reason for gap in content.gaps] == [GapReason.DAMAGED]
        assert content == whole
