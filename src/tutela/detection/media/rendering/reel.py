"""Makes a small WebM film: VP8, and Opus where sound is wanted. Never on disk."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tutela.detection.media.rendering.rendition import MOST_BYTES
from tutela.detection.signals.kind import Pixels

FRAMES_PER_SECOND = 15
"""More than that are not needed to see what happens."""

_MILLISECONDS = Fraction(1, 1000)
_BITS_PER_SECOND = 600_000
_SOUND_BITS_PER_SECOND = 32_000
_SAMPLES_PER_SECOND = 48_000
_SAMPLES = 960
"""Of a packet of Opus: 20 milliseconds."""

_FULL_BYTES = MOST_BYTES // 2


class Reel:
    """A film that is being made.

    Args:
        width, height: of its pictures; even.
        sound: whether it has any.
    """

    def __init__(self, width: int, height: int, *, sound: bool) -> None:
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="webm")
        self._video = self._pictures(width, height)
        self._audio = self._sounds() if sound else None
        self._resampler = AudioResampler("s16", "mono", _SAMPLES_PER_SECOND, _SAMPLES)
        self._heard = -1
        self.pictures = 0

    @property
    def full(self) -> bool:
        """Whether nothing more should go on it."""
        return self._buffer.tell() > _FULL_BYTES

    def show(self, pixels: Pixels, at: float) -> None:
        """The next picture, at a time in seconds. Later than the last."""
        form = "gray" if pixels.ndim == len(("height", "width")) else "rgb24"
        frame = VideoFrame.from_ndarray(pixels, format=form)
        # The sandbox lets no thread begin.
        frame = frame.reformat(format="yuv420p", threads=1)
        frame.pts, frame.time_base = round(at * 1000), _MILLISECONDS
        self._container.mux(self._video.encode(frame))
        self.pictures += 1

    def hear(self, frame: AudioFrame, at: float) -> None:
        """The next piece of sound; `at` is the time of the first one."""
        if self._heard < 0:
            self._heard = max(round(at * _SAMPLES_PER_SECOND), 0)
        frame.pts = None
        self._listen(self._resampler.resample(frame))

    def done(self) -> bytes:
        """The film. Nothing can be added after that."""
        if self._audio is not None and self._heard >= 0:
            self._listen(self._resampler.resample(None))
            self._container.mux(self._audio.encode(None))
        self._container.mux(self._video.encode(None))
        self._container.close()
        return self._buffer.getvalue()

    def _listen(self, frames: list[AudioFrame]) -> None:
        if self._audio is None:
            return
        for frame in frames:
            frame.pts, frame.time_base = self._heard, Fraction(1, _SAMPLES_PER_SECOND)
            self._heard += frame.samples
            self._container.mux(self._audio.encode(frame))

    def _pictures(self, width: int, height: int) -> VideoStream:
        stream = self._container.add_stream("libvpx", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _MILLISECONDS
        stream.codec_context.bit_rate = _BITS_PER_SECOND
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"deadline": "realtime", "cpu-used": "8"}
        return stream

    def _sounds(self) -> AudioStream:
        stream = self._container.add_stream("libopus", rate=_SAMPLES_PER_SECOND)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        stream.codec_context.bit_rate = _SOUND_BITS_PER_SECOND
        return stream
