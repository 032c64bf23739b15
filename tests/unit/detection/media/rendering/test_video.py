"""Videos on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.rendition import Rendered
from tutela.model import Gap, GapReason

Pixels = NDArray[np.uint8]
Show = Callable[..., Rendered | Gap]
Scenes = tuple[Image.Image, ...]
CLEAR = {"blur": 0, "grey": False}


def scenes_on(page: Pixels, columns: int, count: int, scenes: Scenes) -> list[int]:
    """Which scene each still picture of a sheet shows, by what is nearest."""
    rows = -(-count // columns)
    height, width = page.shape[0] // rows, page.shape[1] // columns
    found = []
    for number in range(count):
        row, column = divmod(number, columns)
        still = page[row * height :, column * width :][:height, :width].astype(int)
        far = [np.abs(still - np.asarray(s.resize((width, height)))).mean() for s in scenes]
        assert min(far) < 20
        found.append(int(np.argmin(far)))
    return found


@pytest.mark.parametrize(
    ("codec", "form", "group"),
    [
        ("libvpx", "webm", 6),
        ("libvpx", "webm", 1000),  # one picture stands for itself, all others build on it
        ("mpeg4", "mp4", 12),
        ("mpeg4", "mov", 12),
        ("mpeg4", "avi", 12),
        ("flv", "flv", 12),
        ("mpeg2video", "mpegts", 12),
        ("mjpeg", "matroska", 1),
        ("wmv2", "asf", 12),
    ],
)
def test_each_scene_is_on_the_sheet(
    show: Show,
    seen: Callable[..., Pixels],
    video: Callable[..., bytes],
    scenes: Scenes,
    codec: str,
    form: str,
    group: int,
) -> None:
    data = video(scenes, codec=codec, form=form, group=group)
    rendered = show(data, stills=9, **CLEAR)
    assert isinstance(rendered, Rendered), rendered
    found = scenes_on(seen(rendered), rendered.columns, rendered.stills, scenes)
    assert set(found) == {0, 1, 2, 3}
    assert found == sorted(found), "in order of time"
    assert rendered.gaps == ()
    assert rendered.seconds == pytest.approx(4, abs=0.4)
    assert (rendered.whole_width, rendered.whole_height) == (320, 240)


def test_one_still_stands_for_the_whole(
    show: Show, video: Callable[..., bytes], scenes: Scenes
) -> None:
    rendered = show(video(scenes))
    assert isinstance(rendered, Rendered)
    assert (rendered.stills, rendered.width, rendered.height) == (1, 192, 144)


def test_a_video_that_breaks_off_shows_what_it_has(
    show: Show, seen: Callable[..., Pixels], video: Callable[..., bytes], scenes: Scenes
) -> None:
    data = video(scenes)
    rendered = show(data[: len(data) * 2 // 3], stills=9, **CLEAR)
    assert isinstance(rendered, Rendered), rendered
    found = scenes_on(seen(rendered), rendered.columns, rendered.stills, scenes)
    assert {0, 1} <= set(found)


def test_what_only_begins_like_a_video(
    show: Show, video: Callable[..., bytes], scenes: Scenes
) -> None:
    data = video(scenes, codec="mpeg4", form="mp4")
    gap = show(data[:60] + bytes(1000))
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.DAMAGED


def test_a_video_that_is_too_large(show: Show, video: Callable[..., bytes], scenes: Scenes) -> None:
    gap = show(video(scenes), Limits(pixels=10_000))
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.TOO_MANY_PIXELS


def test_a_sheet_is_covered_like_a_picture(
    show: Show, seen: Callable[..., Pixels], video: Callable[..., bytes], scenes: Scenes
) -> None:
    pixels = seen(show(video(scenes), stills=4))
    assert pixels.ndim == 2
    with_detail = seen(show(video(scenes), stills=4, blur=0))
    steps = [np.abs(np.diff(page.astype(int), axis=1)) for page in (pixels, with_detail)]
    assert steps[0].mean() < steps[1].mean() / 2
