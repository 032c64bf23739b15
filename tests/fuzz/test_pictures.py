"""Thousands of damaged pictures and archives, through the pool with its real children."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from tutela.detection.media.formats import samples
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.media.sniff import sniff
from tutela.model import Content, GapReason

ROUNDS = 500
PATIENCE = 120.0
OUR_FAULT = frozenset({GapReason.DECODER_DIED, GapReason.TIMED_OUT})

SEEDS = (*samples.samples(), samples.archive())
EXTREMES = (b"\0", b"\xff", b"\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")


def truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def bits_flipped(data: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        damaged[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def head_flipped(data: bytes, dice: random.Random) -> bytes:
    head = min(len(data), 200)
    return bits_flipped(data[:head], dice) + data[head:]


def extreme(data: bytes, dice: random.Random) -> bytes:
    """Sizes and counts at their limits."""
    value = dice.choice(EXTREMES)
    at = dice.randrange(min(len(data), 600))
    return data[:at] + value + data[at + len(value) :]


def shuffled(data: bytes, dice: random.Random) -> bytes:
    """A piece is left out, doubled or put elsewhere."""
    start, end = sorted(dice.randrange(len(data)) for _ in range(2))
    at = dice.randrange(len(data))
    return dice.choice(
        (data[:start] + data[end:], data[:end] + data[start:], data[:at] + data[start:end])
    )


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncated,
    bits_flipped,
    head_flipped,
    extreme,
    shuffled,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    limits = Limits(cpu_seconds=5, memory_bytes=512 * 2**20, pixels=10_000_000)
    with DecoderPool(children=2, limits=limits, waiting=10_000) as pool:
        yield pool


def check(content: Content) -> None:
    """Either it has a fingerprint of its pixels, or it says why it has not."""
    pixels = [signal for signal in content.signals if signal.kind == "pdq"]
    assert all(re.fullmatch("[0-9a-f]{64}", signal.value) for signal in pixels)
    assert all(signal.quality is not None and signal.quality >= 50 for signal in pixels)
    archive = content.media_type == "application/zip"
    assert pixels or content.gaps or archive
    assert all(gap.detail and gap.reason not in OUR_FAULT for gap in content.gaps)


def exact(content: Content) -> dict[str, str]:
    return {s.kind: s.value for s in content.signals if s.kind != "pdq"}


@pytest.mark.parametrize(
    "seed", range(len(SEEDS)), ids=lambda seed: f"{seed} {sniff(SEEDS[seed]).name}"
)
def test_damaged_files_have_fingerprints_or_gaps(pool: DecoderPool, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    jobs: list[tuple[bytes, Future[tuple[Content, ...]]]] = []
    for number in range(ROUNDS):
        data = DAMAGES[number % len(DAMAGES)](SEEDS[seed], dice)
        jobs.append((data, pool.submit(data)))
    for data, future in jobs:
        whole, *members = future.result(PATIENCE)
        assert whole.size == len(data)
        if data:
            assert exact(whole)["sha256"] == hashlib.sha256(data).hexdigest()
        for content in (whole, *members):
            check(content)
    assert pool.submit(SEEDS[seed]).result(PATIENCE)[0].gaps == ()


def test_the_children_outlived_it(pool: DecoderPool) -> None:
    """Decoders met thousands of damaged files above; with this seed none of them gave in."""
    pool.wait_ready(PATIENCE)
    counts = pool.counts
    assert (counts["died"], counts["timed_out"]) == (0, 0)
