"""What every signal kind must keep to, run on those that come along and on installed extensions.

To test a kind of your own: install your package, which declares the kind as an entry point, into
the environment of a copy of this project and run `pytest tests/contract/test_signal_kinds.py`.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.signals.kind import (
    ByteKind,
    NoSignal,
    PixelKind,
    PixelSignal,
    Reduced,
    ReducibleKind,
    SignalKind,
)
from tutela.errors import InvalidInput
from tutela.extensions import signal_kinds
from tutela.model import PRINCIPLES, Measure

KINDS = signal_kinds()
CHUNKS = st.lists(st.binary(max_size=200), max_size=8)


def textured(*shape: int, seed: int = 1) -> NDArray[np.uint8]:
    """Fields of 20 by 20 pixels of strong, random colours: something to make a fingerprint of."""
    coarse = (shape[0] // 20 + 1, shape[1] // 20 + 1, *shape[2:])
    fields = np.random.default_rng(seed).integers(0, 256, coarse, dtype=np.uint8)
    return np.ascontiguousarray(fields.repeat(20, 0).repeat(20, 1)[: shape[0], : shape[1]])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
class TestEverySignalKind:
    def test_it_says_what_it_is(self, kind: SignalKind) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", kind.name)
        assert kind.bits > 0
        assert kind.bits % 8 == 0
        assert isinstance(kind.exact, bool)
        assert KINDS[kind.name] is kind

    def test_its_measure_names_the_principles_it_serves(self, kind: SignalKind) -> None:
        assert isinstance(kind.measure, Measure)
        assert kind.measure.id == kind.name
        assert kind.measure.counts == f"matches_{kind.name}"
        assert kind.measure.title
        assert kind.measure.principles
        assert set(kind.measure.principles) <= {principle.number for principle in PRINCIPLES}

    @given(data=st.data())
    def test_its_text_form_carries_every_value(self, kind: SignalKind, data: st.DataObject) -> None:
        size = kind.bits // 8
        value, other = (data.draw(st.binary(min_size=size, max_size=size)) for _ in range(2))
        text = kind.text(value)
        assert kind.parse(text) == value
        assert kind.parse(f" \t{text}\r\n") == value
        assert re.fullmatch(r"[\x21-\x7e]+", text)
        assert (kind.text(other) == text) == (other == value)

    @given(text=st.text(max_size=100))
    def test_any_other_text_is_refused_and_not_repeated(self, kind: SignalKind, text: str) -> None:
        refused = f"{text}!not a fingerprint!"
        with pytest.raises(InvalidInput) as caught:
            kind.parse(refused)
        assert "!not a fingerprint!" not in f"{caught.value} {caught.value.__context__!r}"
        assert caught.value.what

    def test_a_value_of_another_length_is_refused(self, kind: SignalKind) -> None:
        text = kind.text(bytes(range(kind.bits // 8)))
        for wrong in ("", text[:-1], text[1:], text[:-2], text + text, text[0] + text):
            with pytest.raises(InvalidInput):
                kind.parse(wrong)


@pytest.mark.parametrize("kind", KINDS.byte_kinds, ids=lambda kind: kind.name)
class TestEveryByteKind:
    @given(chunks=CHUNKS)
    def test_pieces_do_not_matter(self, kind: ByteKind, chunks: list[bytes]) -> None:
        whole, pieces = kind.hasher(), kind.hasher()
        whole.update(b"".join(chunks))
        for chunk, form in zip(chunks, (bytes, bytearray, memoryview) * 3, strict=False):
            pieces.update(form(chunk))
        assert len(whole.digest()) * 8 == kind.bits
        assert whole.digest() == pieces.digest() == pieces.digest()

    @given(content=st.binary(min_size=1, max_size=300), place=st.integers(0, 299))
    def test_another_byte_is_another_fingerprint(
        self, kind: ByteKind, content: bytes, place: int
    ) -> None:
        changed = bytearray(content)
        changed[place % len(content)] ^= 1
        left, right = kind.hasher(), kind.hasher()
        left.update(content)
        right.update(changed)
        assert left.digest() != right.digest()


@pytest.mark.parametrize("kind", KINDS.pixel_kinds, ids=lambda kind: kind.name)
class TestEveryPixelKind:
    def test_a_picture_has_a_fingerprint(self, kind: PixelKind) -> None:
        result = kind.of_pixels(textured(240, 320, 3))
        assert isinstance(result, PixelSignal)
        assert len(result.value) * 8 == kind.bits
        assert 0 <= result.quality <= 100
        assert result == kind.of_pixels(textured(240, 320, 3))

    def test_another_picture_has_another(self, kind: PixelKind) -> None:
        assert kind.of_pixels(textured(240, 320, 3)) != kind.of_pixels(
            textured(240, 320, 3, seed=2)
        )

    def test_a_grey_picture_is_its_copy_in_rgb(self, kind: PixelKind) -> None:
        grey = textured(200, 300)
        assert kind.of_pixels(grey) == kind.of_pixels(grey[..., None].repeat(3, 2))

    @pytest.mark.parametrize("shape", [(200, 200, 3), (200, 200), (1, 1, 3), (1, 1)], ids=str)
    def test_a_plain_picture_has_none_and_says_why(
        self, kind: PixelKind, shape: tuple[int, ...]
    ) -> None:
        result = kind.of_pixels(np.full(shape, 200, dtype=np.uint8))
        assert isinstance(result, NoSignal)
        assert result.detail
        assert not result.detail.endswith(".")

    def test_it_leaves_the_pixels_alone(self, kind: PixelKind) -> None:
        pixels = textured(120, 90, 3)
        before = pixels.copy()
        pixels.flags.writeable = False
        assert kind.of_pixels(pixels) == kind.of_pixels(before)
        assert kind.of_pixels(np.asfortranarray(before)) == kind.of_pixels(before)
        kind.dihedral(pixels)
        np.testing.assert_array_equal(pixels, before)

    def test_there_are_eight_variants_and_the_first_is_the_picture(self, kind: PixelKind) -> None:
        pixels = textured(240, 320, 3)
        variants = kind.dihedral(pixels)
        names = [name for name, _ in variants]
        assert len(set(names)) == len(names) == 8
        assert variants[0] == ("original", kind.of_pixels(pixels))
        assert len({result.value for _, result in variants if isinstance(result, PixelSignal)}) == 8
        plain = kind.dihedral(np.zeros((60, 60), dtype=np.uint8))
        assert [name for name, _ in plain] == names
        assert all(isinstance(result, NoSignal) for _, result in plain)

    @pytest.mark.parametrize("shape", [(60,), (60, 60, 1), (60, 60, 4), (2, 60, 60, 3)], ids=str)
    def test_other_shapes_are_refused(self, kind: PixelKind, shape: tuple[int, ...]) -> None:
        for method in (kind.of_pixels, kind.dihedral):
            with pytest.raises(InvalidInput):
                method(np.zeros(shape, dtype=np.uint8))

    def test_threads_do_not_disturb_each_other(self, kind: PixelKind) -> None:
        pictures = [textured(100 + 7 * seed, 150, 3, seed=seed) for seed in range(8)]
        expected = [kind.of_pixels(pixels) for pixels in pictures]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(kind.of_pixels, pictures * 5)) == expected * 5


@pytest.mark.parametrize("kind", KINDS.reducible_kinds, ids=lambda kind: kind.name)
class TestEveryReducibleKind:
    def test_blocks_grow_with_the_picture(self, kind: ReducibleKind) -> None:
        sides = range(1, 8000, 37)
        scales = [kind.reduction(side, 2 * side) for side in sides]
        assert set(scales) <= {1, 2, 4, 8}
        assert scales == sorted(scales) == [kind.reduction(2 * side, side) for side in sides]
        assert scales[0] == 1

    @pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
    def test_blocks_give_nearly_the_fingerprint_of_the_pixels(
        self, kind: ReducibleKind, channels: tuple[int, ...]
    ) -> None:
        side = next(side for side in range(1, 9000) if kind.reduction(side, side) > 1)
        scale = kind.reduction(side, side)
        blocks = textured(-(-side // scale), -(-side // scale), *channels)
        picture = Reduced(blocks, side, side, scale)
        whole = blocks.repeat(scale, 0).repeat(scale, 1)[:side, :side]
        result, expected = kind.of_reduced(picture), kind.of_pixels(whole)
        assert isinstance(result, PixelSignal)
        assert isinstance(expected, PixelSignal)
        assert _bits(result.value, expected.value) <= kind.bits // 16
        assert kind.of_reduced(picture) == result
        variants = kind.dihedral_of_reduced(picture)
        assert variants[0] == ("original", result)
        made = 0
        for (name, variant), (same_name, other) in zip(variants, kind.dihedral(whole), strict=True):
            assert name == same_name
            if variant is not None:
                assert isinstance(other, PixelSignal)
                assert _bits(variant.value, other.value) <= kind.bits // 16
                made += 1
        assert made > 1

    def test_a_plain_picture_needs_all_pixels(self, kind: ReducibleKind) -> None:
        picture = Reduced(np.full((500, 500), 200, dtype=np.uint8), 1000, 1000, 2)
        assert kind.of_reduced(picture) is None
        assert {variant for _, variant in kind.dihedral_of_reduced(picture)} == {None}


def _bits(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def test_the_suites_have_something_to_run_on() -> None:
    assert {"md5", "sha1", "sha256", "pdq"} <= set(KINDS.names)
    assert KINDS.byte_kinds
    assert KINDS.pixel_kinds
    assert KINDS.reducible_kinds
