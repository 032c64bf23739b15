"""Renditions from real, locked-down children; and children that die, hang or lie over one."""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tutela.detection.media.formats import samples
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.media.rendering.rendition import (
    FILM,
    PICTURE,
    Clip,
    Region,
    Rendered,
    Rendition,
)
from tutela.errors import InvalidInput, Unavailable
from tutela.model import Gap, GapReason

if TYPE_CHECKING:
    from tests.unit.detection.media.conftest import OwnPool

OwnPools = Callable[..., AbstractContextManager["OwnPool"]]

PATIENCE = 120.0
COVER = Rendition(size=96, mark="quiet heron 12")
SHEET = Rendition(size=96, mark="quiet heron 12", stills=9)
PLAYED = Rendition(size=96, mark="quiet heron 12", clip=Clip(sound=True))


def result(future: Future[Rendered | Gap]) -> Rendered | Gap:
    return future.result(PATIENCE)


def made(future: Future[Rendered | Gap]) -> Rendered:
    answer = result(future)
    assert isinstance(answer, Rendered), answer
    return answer


def gap(future: Future[Rendered | Gap]) -> Gap:
    answer = result(future)
    assert isinstance(answer, Gap)
    return answer


def slow_picture() -> bytes:
    """Many black pixels in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(1 + 3 * 6000)) for _ in range(6000)) + packer.flush()
    header = struct.pack(">IIBBBBB", 6000, 6000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


# What it answers.


def test_a_locked_down_child_shows_all_that_it_can_examine(pool: DecoderPool) -> None:
    for data in samples.samples():
        for asked in (COVER, SHEET):
            rendered = made(pool.render(data, asked))
            assert rendered.media_type == PICTURE
            with Image.open(io.BytesIO(rendered.data)) as image:
                assert image.size == (rendered.width, rendered.height)
                assert image.mode == "L"


def test_a_locked_down_child_plays(pool: DecoderPool) -> None:
    film = samples.film()
    assert made(pool.render(film, SHEET)).stills > 1
    rendered = made(pool.render(film, PLAYED))
    assert rendered.media_type == FILM
    assert rendered.seconds == pytest.approx(1, abs=0.2)


def test_files_and_bytes_are_shown_alike(pool: DecoderPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(photo)
    with (tmp_path / "file").open("rb") as file:
        from_file = pool.render(file.fileno(), COVER)
    assert made(from_file) == made(pool.render(photo, COVER))
    with pytest.raises(InvalidInput):
        pool.render(9999, COVER)


def test_looking_and_examining_do_not_disturb_each_other(pool: DecoderPool, photo: bytes) -> None:
    region = Rendition(
        size=96, mark="m", blur=0, region=Region(x=0.2, y=0.2, width=0.3, height=0.3)
    )
    examined = pool.submit(photo).result(PATIENCE)
    shown = [made(pool.render(photo, asked)) for asked in (COVER, region)]
    mixed = [
        (pool.submit(photo), pool.render(photo, COVER), pool.render(photo, region))
        for _ in range(20)
    ]
    for contents, cover, part in mixed:
        assert contents.result(PATIENCE) == examined
        assert [made(cover), made(part)] == shown
    assert pool.counts["died"] == 0


def test_what_cannot_be_shown_is_a_gap(pool: DecoderPool, photo: bytes) -> None:
    assert gap(pool.render(b"words", COVER)).reason is GapReason.UNSUPPORTED
    assert gap(pool.render(b"", COVER)).reason is GapReason.EMPTY
    assert gap(pool.render(photo[:700], COVER)).reason is GapReason.DAMAGED
    with DecoderPool(children=1, limits=Limits()) as closed:
        closed.close()
        with pytest.raises(Unavailable):
            closed.render(photo, COVER)


# Attacks.


def test_memory_and_time_run_out_for_one_job_only(own_pool: OwnPools, photo: bytes) -> None:
    large = slow_picture()
    with own_pool(memory_bytes=64 * 2**20) as (pool, _):
        futures = pool.render(large, COVER), pool.render(photo, COVER)
        assert gap(futures[0]).reason is GapReason.OUT_OF_MEMORY
        made(futures[1])
        assert pool.counts["died"] == 0
    with own_pool(cpu_seconds=0.05) as (pool, _):
        futures = pool.render(large, COVER), pool.render(photo, COVER)
        assert gap(futures[0]).reason is GapReason.TIMED_OUT
        made(futures[1])


@pytest.mark.parametrize(
    ("blow", "reason"),
    [(signal.SIGKILL, GapReason.DECODER_DIED), (signal.SIGSTOP, GapReason.TIMED_OUT)],
)
def test_a_child_that_ends_or_hangs_costs_a_gap(
    own_pool: OwnPools, photo: bytes, blow: signal.Signals, reason: GapReason
) -> None:
    with own_pool(wall_seconds=2) as (pool, ids):
        (child,) = ids()
        future = pool.render(slow_picture(), COVER)
        while not future.running():
            time.sleep(0.001)
        os.kill(child, blow)
        assert gap(future).reason is reason
        made(pool.render(photo, COVER))


LIAR = """#!{python}
import sys, socket
sys.path[:0] = {path!r}
from tutela.detection.media.rendering.rendition import Rendered
from tutela.detection.media.wire import Found, Setup, Started, Wire
from tutela.model import Content, Gap, GapReason
channel = socket.socket(fileno=0)
wire = Wire(channel)
wire.receive(Setup)
wire.send(Started())
def rendered(**changed):
    plain = dict(media_type="image/jpeg", data=b"\\xff\\xd8\\xff", width=9, height=9,
                 whole_width=9, whole_height=9)
    return Found(number=jobs.first, rendered=Rendered(**(plain | changed)))
while True:
    jobs, _ = wire.receive_jobs()
    {lie}
"""
LIES = {
    "an examination": "wire.send(Found(number=jobs.first, whole=Content()))",
    "members": "wire.send(Found(number=jobs.first, members=(Content(),)))",
    "a page": "wire.send(rendered(media_type='text/html', data=b'<script>'))",
    "a page as a picture": "wire.send(rendered(data=b'<script>'))",
    "a picture as a film": "wire.send(rendered(media_type='video/webm'))",
    "too much": "wire.send(rendered(data=b'\\xff\\xd8\\xff' + bytes(3 * 2**20)))",
    "no size": "wire.send(rendered(width=0))",
    "nothing": "wire.send(Found(number=jobs.first))",
}


@pytest.fixture
def liar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def lies(lie: str) -> None:
        program = tmp_path / "liar"
        program.write_text(LIAR.format(python=sys.executable, path=sys.path, lie=lie))
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return lies


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_was_taken_over_shows_nothing_else(
    liar: Callable[[str], None], lie: str
) -> None:
    liar(LIES[lie])
    with DecoderPool(children=1, limits=Limits(wall_seconds=5)) as pool:
        assert gap(pool.render(b"words", COVER)).reason is GapReason.DECODER_DIED


def test_who_wants_facts_gets_no_picture(liar: Callable[[str], None]) -> None:
    liar("wire.send(rendered())")
    with DecoderPool(children=1, limits=Limits(wall_seconds=5)) as pool:
        (content,) = pool.submit(b"words").result(PATIENCE)
    assert [gap.reason for gap in content.gaps] == [GapReason.DECODER_DIED]


def damaged(data: bytes, dice: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(dice.choice((1, 3, 10, 100))):
        spoiled[dice.randrange(len(data))] = dice.choice((0, 255, dice.randrange(256)))
    return bytes(spoiled[: dice.choice((len(data), len(data), dice.randrange(1, len(data))))])


@pytest.fixture(scope="module")
def short_pool() -> Iterator[DecoderPool]:
    limits = Limits(cpu_seconds=5, memory_bytes=512 * 2**20, pixels=10_000_000)
    with DecoderPool(children=1, limits=limits) as pool:
        yield pool


def test_damaged_files_are_shown_or_a_gap_and_never_hang(short_pool: DecoderPool) -> None:
    dice = random.Random(20_261_130)  # noqa: S311 - reproducible damage
    seeds = [*samples.samples(), samples.film(), samples.film(), samples.film()]
    for _ in range(150):
        data = damaged(dice.choice(seeds), dice)
        answer = result(short_pool.render(data, dice.choice((COVER, SHEET, PLAYED))))
        if isinstance(answer, Rendered):
            assert answer.media_type in {PICTURE, FILM}
            assert max(answer.width, answer.height) <= 3 * 96
        else:
            assert answer.reason not in {GapReason.DECODER_DIED, GapReason.TIMED_OUT}
    assert short_pool.counts["died"] == 0
