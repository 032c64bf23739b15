"""Clips: short, small, covered, silent unless sound is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.rendering.rendition import FILM, Clip, Rendered
from tutela.model import Gap, GapReason

Pixels = NDArray[np.uint8]
Show = Callable[..., Rendered | Gap]
Video = Callable[..., bytes]
Scenes = tuple[Image.Image, ...]
CLEAR = {"blur": 0, "grey": False}


def watched(rendered: Rendered | Gap) -> tuple[list[tuple[float, Pixels]], set[str], float]:
    """The pictures of a film with their times, its kinds of streams, and seconds of sound."""
    assert isinstance(rendered, Rendered), rendered
    assert rendered.media_type == FILM
    pictures, samples = [], 0
    with av.open(io.BytesIO(rendered.data), "r") as container:
        kinds: set[str] = {stream.type for stream in container.streams}
        frames: Iterator[object] = container.decode()
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                assert (frame.width, frame.height) == (rendered.width, rendered.height)
                pixels = frame.to_ndarray(format="rgb24").astype(np.uint8)
                pictures.append((frame.time or 0.0, pixels))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
    return pictures, kinds, samples / 48_000


def nearest(pixels: Pixels, scenes: Scenes) -> int:
    size = pixels.shape[1::-1]
    far = [np.abs(pixels.astype(int) - np.asarray(s.resize(size))).mean() for s in scenes]
    return int(np.argmin(far))


@pytest.mark.parametrize(
    ("codec", "form", "sound"),
    [("libvpx", "webm", "libopus"), ("mpeg4", "mp4", "aac"), ("mpeg2video", "mpegts", "mp2")],
)
def test_a_clip_shows_what_is_there_at_that_time(
    show: Show, video: Video, scenes: Scenes, codec: str, form: str, sound: str
) -> None:
    data = video(scenes, 8.0, codec=codec, form=form, sound=sound)
    rendered = show(data, clip=Clip(start=1.5, seconds=3.0, sound=True), **CLEAR)
    pictures, kinds, heard = watched(rendered)
    assert kinds == {"video", "audio"}
    assert 0.0 <= pictures[0][0] < 0.2
    assert 2.5 < pictures[-1][0] <= 3.0
    assert heard == pytest.approx(3, abs=0.7)
    assert nearest(pictures[0][1], scenes) == 0
    assert nearest(pictures[len(pictures) // 2][1], scenes) == 1
    assert nearest(pictures[-1][1], scenes) == 2
    assert isinstance(rendered, Rendered)
    assert rendered.seconds == pytest.approx(8, abs=0.4)


def test_sound_is_left_out_unless_asked_for(show: Show, video: Video, scenes: Scenes) -> None:
    data = video(scenes, sound="libopus")
    assert watched(show(data, clip=Clip()))[1] == {"video"}
    assert watched(show(video(scenes), clip=Clip(sound=True)))[1] == {"video"}


def test_a_clip_is_covered_and_marked(show: Show, video: Video, scenes: Scenes) -> None:
    data = video(scenes)
    covered = watched(show(data, clip=Clip(), size=192))[0]
    clear = watched(show(data, clip=Clip(), size=192, **CLEAR))[0]
    assert max(covered[0][1].shape) == 192
    for (_, under), (_, open_) in zip(covered, clear, strict=True):
        assert np.abs(np.diff(under.astype(int), axis=2)).mean() < 2, "grey"
        fine_under = np.abs(np.diff(under.astype(int), axis=1)).mean()
        assert fine_under < np.abs(np.diff(open_.astype(int), axis=1)).mean() / 1.5
    # The same place in all pictures has letters: they differ from what is around them.
    letters = np.mean([p.mean(axis=2) for _, p in covered], axis=0)
    assert (letters - np.roll(letters, 2, axis=0)).std() > 3


def test_never_more_than_ten_seconds(show: Show, video: Video, scenes: Scenes) -> None:
    pictures = watched(show(video(scenes, 14.0), clip=Clip()))[0]
    assert 9.5 < pictures[-1][0] <= 10


def test_odd_sizes_become_even(
    show: Show, video: Video, photo_of: Callable[..., Image.Image]
) -> None:
    rendered = show(video((photo_of(1, 250, 130),)), clip=Clip(seconds=1.0), size=77)
    pictures, _, _ = watched(rendered)
    assert pictures[0][1].shape == (40, 76, 3)
    tiny = watched(show(video((photo_of(1, 320, 16),)), clip=Clip(seconds=1.0), size=16))
    assert tiny[0][0][1].shape[:2] == (2, 16)


def test_an_animation_plays(show: Show, scenes: Scenes) -> None:
    stream = io.BytesIO()
    scenes[0].save(stream, "GIF", save_all=True, append_images=scenes[1:], duration=500)
    pictures, kinds, _ = watched(show(stream.getvalue(), clip=Clip(start=0.4), **CLEAR))
    assert kinds == {"video"}
    assert [nearest(pixels, scenes) for _, pixels in pictures] == [1, 2, 3]
    assert [round(at, 1) for at, _ in pictures] == [0.1, 0.6, 1.1]


def test_there_is_nothing_to_play(show: Show, video: Video, scenes: Scenes) -> None:
    behind = show(video(scenes), clip=Clip(start=60.0))
    still = io.BytesIO()
    scenes[0].save(still, "PNG")
    for gap in (behind, show(still.getvalue(), clip=Clip())):
        assert isinstance(gap, Gap)
        assert gap.reason in {GapReason.UNSUPPORTED, GapReason.DAMAGED}


def test_a_clip_that_breaks_off_plays_what_there_is(
    show: Show, video: Video, scenes: Scenes
) -> None:
    data = video(scenes)
    pictures = watched(show(data[: len(data) * 2 // 3], clip=Clip(), **CLEAR))[0]
    assert nearest(pictures[0][1], scenes) == 0
