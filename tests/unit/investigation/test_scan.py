"""The scan with real decoders and a real index; `tests/integration` runs it as a program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tutela.detection.index.matcher import Matcher
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.signals.registry import builtin_kinds
from tutela.investigation.findings import ScannedFile, Summary
from tutela.investigation.scan import IN_FLIGHT, Scan
from tutela.investigation.walk import Obstacle, OpenFile, Walk
from tutela.lists.offline import OfflineLists, load_list
from tutela.model import GapReason, Verdict


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(children=2, limits=Limits()) as pool:
        yield pool


@pytest.fixture
def lists(tmp_path_factory: pytest.TempPathFactory) -> OfflineLists:
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    path.write_text(f"type,value\nmd5,{'ab' * 16}\n")
    return OfflineLists([load_list(path, builtin_kinds())])


class Run:
    """A scan whose findings are kept."""

    def __init__(self, walk: Walk, pool: DecoderPool, lists: OfflineLists) -> None:
        kinds = builtin_kinds()
        matcher = Matcher(kinds)
        lists.fill(matcher, 31)
        self.files: list[ScannedFile] = []
        self.scan = Scan(
            walk=walk,
            pool=pool,
            matcher=matcher,
            kinds=kinds,
            lists=lists,
            report=self.files.append,
        )

    def summary(self) -> Summary:
        return self.scan.summary(seconds=1.0, distance=31, banks=())


def picture(path: Path, size: int = 64) -> Path:
    pixels = np.random.default_rng(size).integers(0, 255, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_file_that_changed_while_it_was_read_is_not_checked(
    tmp_path: Path, pool: DecoderPool, lists: OfflineLists
) -> None:
    path = picture(tmp_path / "x.png")

    class Changing(Walk):
        def __iter__(self) -> Iterator[OpenFile | Obstacle]:
            for item in super().__iter__():
                with path.open("ab") as stream:
                    stream.write(b"more")
                yield item

    run = Run(Changing([str(path)]), pool, lists)
    run.scan.run()
    (file,) = run.files
    assert file.verdict is Verdict.NOT_CHECKED
    assert [gap.reason for gap in file.gaps] == [GapReason.CHANGED]


def test_files_of_all_sizes_are_reported_in_order_and_closed(
    tmp_path: Path, pool: DecoderPool, lists: OfflineLists
) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    sizes = [16] * (IN_FLIGHT + 60) + [900] * 4
    np.random.default_rng(1).shuffle(sizes)
    for number, size in enumerate(sizes):
        picture(tmp_path / f"{number:04}.png", size)
    run = Run(Walk([str(tmp_path)]), pool, lists)
    run.scan.run()
    assert [file.path for file in run.files] == [
        f"{tmp_path}/{number:04}.png" for number in range(len(sizes))
    ]
    summary = run.summary()
    assert (summary.files, summary.complete) == (len(sizes), True)
    assert summary.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_without_decoders_nothing_is_called_clear(tmp_path: Path, lists: OfflineLists) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.png")
    pool = DecoderPool(children=1, limits=Limits())
    pool.close()
    run = Run(Walk([str(tmp_path)]), pool, lists)
    run.scan.run()
    assert [(file.verdict, file.gaps[0].reason, file.gaps[0].detail) for file in run.files] == [
        (
            Verdict.NOT_CHECKED,
            GapReason.DECODER_DIED,
            "the decoder failed: the decoder is closed",
        )
    ] * 2


def test_a_stopped_scan_keeps_what_was_found_and_closes_the_rest(
    tmp_path: Path, lists: OfflineLists
) -> None:
    for number in range(40):
        picture(tmp_path / f"{number:04}.png", 300)
    before = set(Path("/proc/self/fd").iterdir())

    class Stopping(Walk):
        def __iter__(self) -> Iterator[OpenFile | Obstacle]:
            for number, item in enumerate(super().__iter__()):
                if number == 20:
                    run.scan.stop()
                yield item

    with DecoderPool(children=1, limits=Limits()) as pool:
        run = Run(Stopping([str(tmp_path)]), pool, lists)
        run.scan.run()
    summary = run.summary()
    assert not summary.complete
    assert summary.files == len(run.files) < 40
    assert [file.path for file in run.files] == sorted(file.path for file in run.files)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_obstacles_stand_in_order_between_files(
    tmp_path: Path, pool: DecoderPool, lists: OfflineLists
) -> None:
    picture(tmp_path / "a.png")
    os.mkfifo(tmp_path / "b")
    picture(tmp_path / "c.png")
    run = Run(Walk([str(tmp_path)]), pool, lists)
    run.scan.run()
    assert [(file.path.rpartition("/")[2], file.verdict) for file in run.files] == [
        ("a.png", Verdict.CLEAR),
        ("b", Verdict.NOT_CHECKED),
        ("c.png", Verdict.CLEAR),
    ]
    assert run.summary().not_checked_reasons == {"special_file": 1}
