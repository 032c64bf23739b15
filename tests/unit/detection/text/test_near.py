"""Nearly the same texts are found, different ones are not, and memory has a bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.text.near import PLACES, RUN, Repeats, Signer

SIGNER = Signer()
ADVERT = "new here looking for friends write to me on the other app tonight number {}"


def runs(text: str) -> set[str]:
    kept = "".join(filter(str.isalnum, text))
    return {kept[at : at + RUN] for at in range(len(kept) - RUN + 1)}


def words(count: int, seed: int) -> str:
    drawn = np.random.default_rng(seed).integers(ord("a"), ord("z") + 1, (count, 5), np.uint8)
    return " ".join(row.tobytes().decode() for row in drawn)


@pytest.mark.parametrize("changed", [0, 10, 30, 60, 100])
def test_signatures_agree_as_the_texts_do(changed: int) -> None:
    """The oracle is the share of runs counted outright; five deviations of a share of 64."""
    left = words(100, 1).split()
    right = words(100, 2).split()[:changed] + left[changed:]
    one, other = " ".join(left), " ".join(right)
    share = len(runs(one) & runs(other)) / len(runs(one) | runs(other))
    first, second = SIGNER.signature(one), SIGNER.signature(other)
    assert first is not None
    assert second is not None
    assert abs(np.mean(first == second) - share) < 5 * 0.5 / PLACES**0.5


def test_opening_lines_share_a_band_where_they_are_alike() -> None:
    line = "hey i saw you in the game lobby you play really well {}"
    one = set(SIGNER.bands(line.format("sam")))
    assert len(one) == 4
    assert one & set(SIGNER.bands(line.format("alex")))
    assert not one & set(SIGNER.bands("is practice at six or at seven on tuesday this week"))
    assert all(0 <= band < 2**53 for band in one)


def test_that_it_is_spelled_apart_makes_no_difference() -> None:
    assert SIGNER.bands("see you there tonight") == SIGNER.bands("see you... there, tonight!")


@pytest.mark.parametrize("text", ["", "hi", "how are you", "?!" * 100, "a b c d"])
def test_what_everybody_writes_has_no_signature(text: str) -> None:
    assert SIGNER.signature(text) is None
    assert SIGNER.bands(text) == ()


def test_a_seed_decides() -> None:
    text = ADVERT.format(1)
    assert SIGNER.bands(text) == Signer().bands(text)
    assert not set(SIGNER.bands(text)) & set(Signer(2).bands(text))


def test_accounts_that_show_one_text_are_counted_once_each() -> None:
    repeats = Repeats(SIGNER)
    assert repeats.add("a", ADVERT.format(1)) == 1
    assert repeats.add("a", ADVERT.format(2)) == 1
    assert repeats.add("b", ADVERT.format(3)) == 2
    assert repeats.add("c", "football practice moves to thursday because of the rain") == 1
    assert repeats.add("c", ADVERT.format(4)) == 3
    assert repeats.add("d", "hi") == 0


def test_memory_has_a_bound() -> None:
    repeats = Repeats(SIGNER, most=20)
    for number in range(200):
        repeats.add("a", words(10, number))
    assert len(repeats._texts) == 20
    assert len(repeats._buckets) <= 20 * 16
    assert repeats.add("b", words(10, 199)) == 2
    assert repeats.add("b", words(10, 0)) == 1


@given(st.text())
def test_any_text_can_be_signed(text: str) -> None:
    assert SIGNER.bands(text) == SIGNER.bands(text)
    signature = SIGNER.signature(text * 10)
    assert signature is None or signature.shape == (PLACES,)
