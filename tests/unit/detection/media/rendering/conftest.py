"""Videos made from the photographs that ship with Tutela, and what shows them."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from tutela.detection.media.limits import Limits
from tutela.detection.media.rendering.renderer import Renderer
from tutela.detection.media.rendering.rendition import Rendered, Rendition
from tutela.detection.media.sandbox.watch import Watch
from tutela.drill import photographs
from tutela.model import Gap

Pixels = NDArray[np.uint8]
RATE = 12


@lru_cache
def photograph(number: int, width: int = 320, height: int = 240) -> Image.Image:
    """One of the shipped photographs, at a size."""
    data = photographs.listed()[number].data
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (2 * width, 2 * height))
        return image.resize((width, height))


def make_video(
    scenes: tuple[Image.Image, ...],
    seconds: float = 4.0,
    *,
    codec: str = "libvpx",
    form: str = "webm",
    sound: str = "",
    group: int = 12,
) -> bytes:
    """A video in which each scene is seen for as long as the others."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        video = cast("VideoStream", container.add_stream(codec, rate=RATE))
        video.width, video.height = scenes[0].size
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        video.gop_size = group
        if codec == "libvpx":
            video.codec_context.options = {"deadline": "realtime", "cpu-used": "8"}
        audio = cast("AudioStream", container.add_stream(sound, rate=48_000)) if sound else None
        count = round(seconds * RATE)
        for number in range(count):
            frame = VideoFrame.from_ndarray(np.asarray(scenes[number * len(scenes) // count]))
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            _sound(container, audio, seconds)
    return stream.getvalue()


def _sound(container: OutputContainer, audio: AudioStream, seconds: float) -> None:
    wave = np.sin(np.arange(round(48_000 * seconds)) / 48_000 * 2 * np.pi * 440) * 8000
    frame = AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
    frame.sample_rate = 48_000
    context = audio.codec_context
    resampler = AudioResampler(
        context.format, "stereo", 48_000, frame_size=context.frame_size or 960
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(audio.encode(piece))
    container.mux(audio.encode(None))


def shown(data: bytes, limits: Limits | None = None, **asked: object) -> Rendered | Gap:
    """The rendition of some bytes, made in this process: for what is no attack."""
    rendition = Rendition(**({"size": 192, "mark": "quiet heron 12"} | asked))  # type: ignore[arg-type]
    renderer = Renderer(limits or Limits(), Watch(60, deadly=False))
    return renderer.render_stream(io.BytesIO(data), len(data), rendition)


def pixels_of(rendered: Rendered | Gap) -> Pixels:
    """The pixels of a still rendition, as they were sent."""
    assert isinstance(rendered, Rendered), rendered
    with Image.open(io.BytesIO(rendered.data)) as image:
        assert image.size == (rendered.width, rendered.height)
        return np.asarray(image)


@pytest.fixture(scope="session")
def video() -> Callable[..., bytes]:
    return make_video


@pytest.fixture(scope="session")
def photo_of() -> Callable[..., Image.Image]:
    return photograph


@pytest.fixture(scope="session")
def show() -> Callable[..., Rendered | Gap]:
    return shown


@pytest.fixture(scope="session")
def seen() -> Callable[..., Pixels]:
    return pixels_of


@pytest.fixture(scope="session")
def scenes() -> tuple[Image.Image, ...]:
    """Four photographs that look nothing like each other."""
    return tuple(photograph(number) for number in (1, 3, 6, 9))
