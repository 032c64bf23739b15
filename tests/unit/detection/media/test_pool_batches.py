"""The pool with many small files at once: they go to children together, and fail one by one."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import struct
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.model import Content, GapReason

if TYPE_CHECKING:
    from tests.unit.detection.media.conftest import OwnPool

Contents = tuple[Content, ...]
OwnPools = Callable[..., AbstractContextManager["OwnPool"]]

PATIENCE = 120.0
TOGETHER = 16
"""Small files that a child has at most."""


def result(future: Future[Contents]) -> Contents:
    return future.result(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def words(number: int) -> bytes:
    return f"words {number}".encode()


def is_of(content: Content, data: bytes) -> bool:
    values = {signal.kind: signal.value for signal in content.signals}
    return values["sha256"] == hashlib.sha256(data).hexdigest()


def slow_picture() -> bytes:
    """36 million black pixels in 105 KB: well over 0.05 seconds."""
    side = 6000

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_child_that_dies_costs_the_file_that_it_was_at(own_pool: OwnPools) -> None:
    with own_pool() as (pool, ids):
        (child,) = ids()
        os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(words(number)) for number in range(40)]
        until(lambda: sum(future.running() for future in futures) >= TOGETHER)
        os.kill(child, signal.SIGKILL)
        answers = [result(future) for future in futures]
        died = [[gap.reason for gap in whole.gaps] for (whole,) in answers]
        assert died.count([GapReason.DECODER_DIED]) == 1
        assert died[0] == [GapReason.DECODER_DIED]
        assert all(is_of(whole, words(number)) for number, (whole,) in enumerate(answers))
        assert pool.counts["died"] == 1


def test_only_the_guilty_one_of_many_is_lost(own_pool: OwnPools) -> None:
    files = [words(number) for number in range(30)]
    files[7] = files[19] = slow_picture()
    with own_pool(cpu_seconds=0.05) as (pool, ids):
        (child,) = ids()
        os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(data) for data in files]
        until(lambda: sum(future.running() for future in futures) >= TOGETHER)
        os.kill(child, signal.SIGCONT)
        answers = [result(future) for future in futures]
        late = [n for n, (whole,) in enumerate(answers) if whole.gaps[0].reason == "timed_out"]
        assert late == [7, 19]
        assert all(is_of(whole, data) for (whole,), data in zip(answers, files, strict=True))
        assert (pool.counts["timed_out"], pool.counts["died"]) == (2, 0)


def test_files_behind_a_slow_one_are_done_by_others(own_pool: OwnPools) -> None:
    with own_pool(children=2) as (pool, ids):
        for child in ids():
            os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(words(number)) for number in range(60)]
        until(lambda: sum(future.running() for future in futures) >= TOGETHER)
        awake, asleep = sorted(ids())
        os.kill(awake, signal.SIGCONT)
        until(lambda: sum(future.done() for future in futures) == 59)
        os.kill(asleep, signal.SIGCONT)
        answers = [result(future)[0] for future in futures]
        assert all(is_of(whole, words(number)) for number, whole in enumerate(answers))
        # What was given back is answered twice; the second answer is dropped.
        assert is_of(result(pool.submit(b"more"))[0], b"more")
        assert (pool.counts["died"], pool.counts["timed_out"]) == (0, 0)


def processor_time(process: int) -> int:
    """Clock ticks."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_ten_thousand_at_once_keep_every_child_busy_and_nothing_floods() -> None:
    """What waits is neither open nor copied: only what children have in hand is."""
    with DecoderPool(children=2, limits=Limits(jobs_per_child=100_000), waiting=10_000) as pool:
        pool.wait_ready(PATIENCE)
        until(lambda: len(pool.child_ids) == 2)
        before = {child: processor_time(child) for child in pool.child_ids}
        open_before, memory_before = descriptors(), peak_kilobytes()
        body = bytes(range(256)) * 400  # 100 KB: a gigabyte, were each of them copied
        futures = [pool.submit(body) for _ in range(10_000)]
        most_open = 0
        while not futures[-1].done():
            most_open = max(most_open, descriptors())
            time.sleep(0.02)
        assert all(is_of(result(future)[0], body) for future in futures[::100])
        spent = [processor_time(child) - before[child] for child in pool.child_ids]
        assert min(spent) > 0.2 * sum(spent)
        assert most_open - open_before <= 2 * (TOGETHER + 1)
        assert peak_kilobytes() - memory_before < 100_000
        assert pool.counts["jobs"] >= 10_000
        assert pool.depth == 0


def peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
