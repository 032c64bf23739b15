"""Renditions of files and of members of archives."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.renderer import Renderer
from tutela.detection.media.rendering.rendition import Region, Rendered, Rendition
from tutela.detection.media.sandbox.watch import Watch
from tutela.model import Gap, GapReason

Pixels = NDArray[np.uint8]
Show = Callable[..., Rendered | Gap]
ASKED = Rendition(size=96, mark="quiet heron 12")


def jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    return stream.getvalue()


def zipped(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def data_of(rendered: Rendered | Gap) -> bytes:
    assert isinstance(rendered, Rendered), rendered
    return rendered.data


def reason_of(gap: Rendered | Gap) -> GapReason:
    assert isinstance(gap, Gap), gap
    return gap.reason


@pytest.mark.parametrize("pack", [zipped, tarred, lambda *files: gzip.compress(tarred(*files))])
def test_a_member_looks_as_it_does_alone(
    show: Show, scenes: tuple[Image.Image, ...], pack: Callable[..., bytes]
) -> None:
    one, two = jpeg(scenes[0]), jpeg(scenes[1])
    packed = pack(("a/one.jpg", one), ("words.txt", b"words"), ("two.jpg", two))
    assert data_of(show(packed, member=("a/one.jpg",))) == data_of(show(one))
    assert data_of(show(packed, member=("two.jpg",))) == data_of(show(two))
    assert data_of(show(one)) != data_of(show(two))


def test_members_within_members(show: Show, scenes: tuple[Image.Image, ...]) -> None:
    picture = jpeg(scenes[0])
    packed = zipped(("inner.tar", tarred(("deep.zip", zipped(("x.jpg", picture))))))
    path = ("inner.tar", "deep.zip", "x.jpg")
    assert data_of(show(packed, member=path)) == data_of(show(picture))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_equal_names_are_told_apart(show: Show, scenes: tuple[Image.Image, ...]) -> None:
    one, two = jpeg(scenes[0]), jpeg(scenes[1])
    packed = zipped(("x.jpg", one), ("x.jpg", two))
    assert data_of(show(packed, member=("x.jpg",))) == data_of(show(one))
    assert data_of(show(packed, member=("x.jpg",), again=1)) == data_of(show(two))
    assert reason_of(show(packed, member=("x.jpg",), again=2)) is GapReason.UNREADABLE


def test_what_is_not_there(show: Show, scenes: tuple[Image.Image, ...]) -> None:
    packed = zipped(("x.jpg", jpeg(scenes[0])))
    for member in (("y.jpg",), ("x.jpg", "y.jpg"), ("../x.jpg",), ("",)):
        assert reason_of(show(packed, member=member)) is GapReason.UNREADABLE


def test_what_cannot_be_shown(show: Show, scenes: tuple[Image.Image, ...]) -> None:
    picture = jpeg(scenes[0])
    assert reason_of(show(b"")) is GapReason.EMPTY
    assert reason_of(show(b"some words")) is GapReason.UNSUPPORTED
    assert reason_of(show(b"<svg onload='x()'/>")) is GapReason.UNSUPPORTED
    assert reason_of(show(zipped(("x.jpg", picture)))) is GapReason.UNSUPPORTED
    assert reason_of(show(picture[:400])) is GapReason.DAMAGED


def test_a_bomb_in_an_archive(show: Show) -> None:
    bomb = zipped(("zeros", bytes(64 * 2**20)))
    assert reason_of(show(bomb, member=("zeros",))) is GapReason.ARCHIVE_LIMIT
    limits = Limits(memory_bytes=2**20, archive_ratio=10_000)
    assert reason_of(show(bomb, limits, member=("zeros",))) is GapReason.TOO_LARGE


def test_a_file_behind_a_descriptor(scenes: tuple[Image.Image, ...], tmp_path: Path) -> None:
    renderer = Renderer(Limits(), Watch(60, deadly=False))
    with TemporaryFile() as file:
        file.write(jpeg(scenes[0]))
        file.flush()
        assert isinstance(renderer.render(file.fileno(), ASKED), Rendered)
        # Large files are read as they are needed.
        file.truncate(40 * 2**20)
        assert isinstance(renderer.render(file.fileno(), ASKED), Rendered)
    read, write = os.pipe()
    assert reason_of(renderer.render(read, ASKED)) is GapReason.UNREADABLE
    os.close(read)
    os.close(write)
    assert reason_of(renderer.render(read, ASKED)) is GapReason.UNREADABLE
    (tmp_path / "shut").write_bytes(b"x")
    shut = os.open(tmp_path / "shut", os.O_WRONLY)
    assert reason_of(renderer.render(shut, ASKED)) is GapReason.UNREADABLE
    os.close(shut)


def test_parts_of_whatever_is_shown(
    show: Show,
    seen: Callable[..., Pixels],
    video: Callable[..., bytes],
    scenes: tuple[Image.Image, ...],
) -> None:
    corner = Region(x=0.5, y=0.5, width=0.5, height=0.5)
    still = seen(show(jpeg(scenes[0]), blur=0, region=corner))
    assert still.shape == (72, 96)
    covered = seen(show(jpeg(scenes[0]), region=corner))
    assert covered.shape == (72, 96)
    film = video(scenes)
    on_sheet = seen(show(film, blur=0, stills=4, region=corner))
    whole = seen(show(film, blur=0, stills=4))
    assert on_sheet.shape == (144, 192)
    assert np.abs(on_sheet.astype(int) - whole[144:, 192:]).mean() < 3
    zoomed = show(film, blur=0, region=corner, zoom=4)
    assert isinstance(zoomed, Rendered)
    assert max(zoomed.width, zoomed.height) <= 192
