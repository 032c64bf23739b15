"""The pool under attack: bombs, children that die or hang, and children that lie."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import struct
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.model import Content, GapReason

if TYPE_CHECKING:
    from tests.unit.detection.media.conftest import OwnPool

Contents = tuple[Content, ...]

OwnPools = Callable[..., AbstractContextManager["OwnPool"]]

PATIENCE = 120.0


def reasons(content: Content) -> list[GapReason]:
    return [gap.reason for gap in content.gaps]


def kinds(content: Content) -> set[str]:
    return {signal.kind for signal in content.signals}


def result(future: Future[Contents]) -> Contents:
    return future.result(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def sha256(content: Content) -> str:
    (value,) = (s.value for s in content.signals if s.kind == "sha256")
    return value


# Bombs.


def png_of(width: int, height: int, *, decodable: bool = False) -> bytes:
    """A PNG of black pixels without ever holding them; all of them if it is to be decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    rows = height if decodable else height // 100
    packed = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def gif_canvas() -> bytes:
    """A GIF of 65535 by 65535 pixels, with a frame as large."""
    screen = struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + screen + frame + b";"


def tiff_of(*tags: tuple[int, int, int, int]) -> bytes:
    """A TIFF of one directory that points back at itself."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\x08\0\0\0" + bytes(64)


def webp_canvas() -> bytes:
    body = b"WEBPVP8X" + struct.pack("<IB3x", 10, 2) + b"\xff\x3f\x00" * 2
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp_canvas() -> bytes:
    return b"BM" + struct.pack("<IIIIiiHH6I", 54, 0, 54, 40, 60000, 60000, 1, 24, *[0] * 6)


LONG, SHORT = 4, 3
HUGE = 0xFFFFFFF0
BOMBS: dict[str, Callable[[], bytes]] = {
    "png": lambda: png_of(50_000, 50_000),
    "gif": gif_canvas,
    "webp": webp_canvas,
    "bmp": bmp_canvas,
    "tiff size": lambda: tiff_of((256, LONG, 1, HUGE), (257, LONG, 1, HUGE), (258, SHORT, 1, 8),
                                 (259, SHORT, 1, 1), (262, SHORT, 1, 1), (273, LONG, 1, 8),
                                 (278, LONG, 1, HUGE), (279, LONG, 1, HUGE)),
    "tiff counts": lambda: tiff_of((256, LONG, HUGE, 8), (257, LONG, HUGE, 8),
                                   (273, LONG, HUGE, 8), (34665, LONG, 1, 8)),
    "tiff loop": lambda: tiff_of((256, SHORT, 1, 64), (257, SHORT, 1, 64), (330, LONG, 1, 8)),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_picture_bombs_are_defused(pool: DecoderPool, bomb: str) -> None:
    before = pool.counts
    (content,) = result(pool.submit(BOMBS[bomb]()))
    assert content.gaps
    assert kinds(content) == {"md5", "sha1", "sha256"}
    after = pool.counts
    assert (after["died"], after["timed_out"]) == (before["died"], before["timed_out"])
    if not bomb.startswith("tiff"):
        assert reasons(content) == [GapReason.TOO_MANY_PIXELS]


def test_memory_runs_out_for_one_job_only(own_pool: OwnPools, photo: bytes) -> None:
    with own_pool(memory_bytes=64 * 2**20) as (pool, _):
        large = pool.submit(png_of(6000, 6000, decodable=True))
        small = pool.submit(photo)
        (content,) = result(large)
        assert reasons(content) == [GapReason.OUT_OF_MEMORY]
        assert kinds(content) == {"md5", "sha1", "sha256"}
        assert result(small)[0].gaps == ()
        assert pool.counts["died"] == 0


def test_a_slow_decoder_is_ended(own_pool: OwnPools, photo: bytes) -> None:
    slow = png_of(6000, 6000, decodable=True)
    with own_pool(cpu_seconds=0.05) as (pool, _):
        first, second = pool.submit(slow), pool.submit(photo)
        (content,) = result(first)
        assert reasons(content) == [GapReason.TIMED_OUT]
        assert "0.05 seconds of processor time" in content.gaps[0].detail
        assert sha256(content) == hashlib.sha256(slow).hexdigest()
        assert (pool.counts["timed_out"], pool.counts["died"]) == (1, 0)
        assert result(second)[0].gaps == ()


def test_members_before_a_slow_one_are_kept(own_pool: OwnPools, photo: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hills.jpg", photo)
        archive.writestr("slow.png", png_of(6000, 6000, decodable=True))
        archive.writestr("never.jpg", photo)
    with own_pool(cpu_seconds=0.05) as (pool, _):
        whole, *members = result(pool.submit(packed.getvalue()))
    assert whole.media_type == "application/zip"
    assert reasons(whole) == [GapReason.TIMED_OUT]
    assert [member.path for member in members] == [("hills.jpg",)]
    assert "pdq" in kinds(members[0])


# Children that die or hang.


def test_a_killed_child_costs_its_job_a_gap_and_nothing_else(
    own_pool: OwnPools, photo: bytes
) -> None:
    with own_pool() as (pool, ids):
        (child,) = ids()
        os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(photo) for _ in range(10)]
        until(futures[0].running)
        time.sleep(0.05)
        os.kill(child, signal.SIGKILL)
        answers = [result(future) for future in futures]
        assert reasons(answers[0][0]) == [GapReason.DECODER_DIED]
        assert "SIGKILL" in answers[0][0].gaps[0].detail
        assert sha256(answers[0][0]) == hashlib.sha256(photo).hexdigest()
        assert answers[0][0].media_type == "image/jpeg"
        assert all(answer[0].gaps == () for answer in answers[1:])
        assert pool.counts["died"] == 1


def test_a_hanging_child_costs_its_job_a_gap_and_nothing_else(
    own_pool: OwnPools, photo: bytes
) -> None:
    with own_pool(wall_seconds=0.5) as (pool, ids):
        (child,) = ids()
        os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(photo) for _ in range(5)]
        answers = [result(future) for future in futures]
        assert reasons(answers[0][0]) == [GapReason.TIMED_OUT]
        assert sha256(answers[0][0]) == hashlib.sha256(photo).hexdigest()
        assert all(answer[0].gaps == () for answer in answers[1:])
        assert pool.counts["timed_out"] == 1


def test_a_job_behind_a_hanging_one_is_done_by_others(own_pool: OwnPools, photo: bytes) -> None:
    with own_pool(children=2) as (pool, ids):
        for child in ids():
            os.kill(child, signal.SIGSTOP)
        futures = [pool.submit(photo) for _ in range(8)]
        until(lambda: sum(future.running() for future in futures) >= 2)
        awake, asleep = sorted(ids())
        os.kill(awake, signal.SIGCONT)
        until(lambda: sum(future.done() for future in futures) == 7)
        os.kill(asleep, signal.SIGCONT)
        assert all(result(future)[0].gaps == () for future in futures)
        # What was given back is answered twice; the second answer is dropped.
        assert result(pool.submit(b"words"))[0].size == 5
        assert pool.counts["died"] == 0


def test_an_idle_child_that_dies_is_replaced(own_pool: OwnPools, photo: bytes) -> None:
    with own_pool() as (pool, ids):
        (child,) = ids()
        os.kill(child, signal.SIGKILL)
        until(lambda: pool.counts["died"] == 1)
        assert result(pool.submit(photo))[0].gaps == ()
        assert child not in ids()


def test_children_are_killed_again_and_again(own_pool: OwnPools, photo: bytes) -> None:
    """No job is lost, whatever happens when: each gets its answer, whole or with a gap."""
    with own_pool(children=2) as (pool, ids):
        stop = threading.Event()

        def kill() -> None:
            dice = random.Random(3)  # noqa: S311 - to be repeated
            while not stop.wait(dice.uniform(0.0, 0.3)):
                for child in list(ids())[:1]:
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            futures = [pool.submit(photo) for _ in range(60)]
            answers = [result(future) for future in futures]
        finally:
            stop.set()
            killer.join()
        assert {sha256(answer[0]) for answer in answers} == {hashlib.sha256(photo).hexdigest()}
        for (content,) in answers:
            assert ("pdq" in kinds(content)) == (content.gaps == ())
            assert reasons(content) in ([], [GapReason.DECODER_DIED])


def test_children_are_replaced_after_their_share(own_pool: OwnPools, photo: bytes) -> None:
    with own_pool(jobs_per_child=10) as (pool, ids):
        first = ids()
        for _ in range(100):
            assert result(pool.submit(photo))[0].gaps == ()
        until(lambda: pool.counts["replaced"] >= 1)
        assert not first & ids()
        assert pool.counts["died"] == 0


LIAR = """#!{python}
import os, socket, sys
sys.path[:] = {path}
from tutela.detection.media.wire import Found, Setup, Started, Wire
from tutela.model import Content, Signal
channel = socket.socket(fileno=0)
wire = Wire(channel)
wire.receive(Setup)
wire.send(Started())
def signal(kind, value):
    return Found(number=jobs.first, whole=Content(signals=(Signal(kind=kind, value=value),)))
while True:
    jobs, fds = wire.receive_jobs()
    os.close(fds[0])
    {lie}
"""
LIES = {
    "another number": "wire.send(Found(number=jobs.first + 1, whole=Content()))",
    "nothing": "wire.send(Found(number=jobs.first))",
    "noise": "channel.sendall(bytes([250, 3, 7]) * 1000)",
    "a long message": "channel.sendall(bytes([255]) * 1000)",
    "another message": "wire.send(Started())",
    "an unknown kind": "wire.send(signal('aura', 'ff' * 32))",
    "a wrong value": "wire.send(signal('pdq', 'ff' * 31))",
    "a value in another form": "wire.send(signal('md5', 'AB' * 16))",
    "members without end": "[wire.send(Found(number=jobs.first, members=(Content(path=('a',)),)))"
    " for _ in range(99999)]",
    "large members without end": "[wire.send(Found(number=jobs.first,"
    " members=(Content(path=('a' * 10**6,)),))) for _ in range(99999)]",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_was_taken_over_can_only_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    liar = tmp_path / "liar"
    liar.write_text(LIAR.format(python=sys.executable, path=sys.path, lie=LIES[lie]))
    liar.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(liar))
    with DecoderPool(children=1, limits=Limits(wall_seconds=5)) as pool:
        (content, *_) = result(pool.submit(b"words"))
    assert reasons(content) == [GapReason.DECODER_DIED]
    assert sha256(content) == hashlib.sha256(b"words").hexdigest()
