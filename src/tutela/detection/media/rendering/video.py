"""Opens videos with PyAV, for a rendition. Runs in the sandboxed child only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from PIL import Image

from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared, check_size, hostile
from tutela.detection.media.rendering.covering import fitting
from tutela.detection.media.rendering.rendition import Rendition
from tutela.detection.media.rendering.stills import CANDIDATES_PER_STILL, Still, Stills
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import MediaType
from tutela.model import Gap, GapReason

FORMS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "matroska",
    "video/ogg": "ogg",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-asf": "asf",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
}
"""Media types that are opened as videos, with FFmpeg's name of the format; no other is tried."""

_WHAT = "the video"
_LONGEST_SECONDS = 10.0**7
LEEWAY_SECONDS = 2.0
"""Some formats know no place of a time, and leap a little too far."""

_STEP_SECONDS = 0.2
"""Pictures of a video that are closer together are not looked at both."""


@contextmanager
def opened_video(
    stream: BinaryIO, media_type: MediaType, limits: Limits
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video and the first stream of pictures in it.

    Raises:
        NotCompared: it is damaged, or has no pictures.
    """
    stream.seek(0)
    with hostile(_WHAT):
        container = av.open(stream, "r", format=FORMS[media_type.name], metadata_errors="replace")
    with container:
        video = next(iter(container.streams.video), None)
        if video is None:
            raise NotCompared(GapReason.UNSUPPORTED, "it has no pictures")
        check_size(video.width, video.height, limits)
        # The sandbox lets no thread begin.
        video.codec_context.thread_count = 1
        video.codec_context.options = {"max_pixels": str(limits.pixels)}
        yield container, video


def duration(container: InputContainer) -> float | None:
    """How long it says that it lasts, in seconds; None where it says nothing sensible."""
    if not container.duration:
        return None
    seconds = container.duration / av.time_base
    return seconds if 0 < seconds < _LONGEST_SECONDS else None


def video_stills(
    stream: BinaryIO, media_type: MediaType, rendition: Rendition, limits: Limits, watch: Watch
) -> Stills:
    """Still pictures from all over a video.

    Raises:
        NotCompared: nothing of it can be shown.
        MemoryError: it takes more memory than the child may use.
    """
    most = 1 if rendition.stills == 1 else CANDIDATES_PER_STILL * rendition.stills
    with opened_video(stream, media_type, limits) as (container, video):
        seconds = duration(container)
        search = _Search(container, video, rendition, limits, watch)
        found = search.spread_over(seconds or 0.0, most)
        return Stills(found, seconds, tuple(search.gaps))


def shown(frame: VideoFrame, rendition: Rendition, limits: Limits, at: float) -> Still:
    """A frame of a video, upright and already small.

    Raises:
        NotCompared: it is larger than the limit, or cannot be converted.
    """
    check_size(frame.width, frame.height, limits)
    with hostile(_WHAT):
        zoom = rendition.zoom if rendition.region else 1
        width, height = fitting(frame.width, frame.height, rendition.size * zoom)
        # The sandbox lets no thread begin.
        plain = frame.reformat(
            width, height, "rgb24", interpolation=Interpolation.AREA, threads=1
        ).to_ndarray()
        turns = round(frame.rotation / 90) % 4
        image = Image.fromarray(np.ascontiguousarray(np.rot90(plain, turns)))
    size = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    return Still(image, size, at)


class _Search:
    """Finds still pictures in a video: first by leaping, and where that finds few, by reading on.

    Attributes:
        gaps: why there are fewer than there could be.
    """

    def __init__(
        self,
        container: InputContainer,
        video: VideoStream,
        rendition: Rendition,
        limits: Limits,
        watch: Watch,
    ) -> None:
        self._container = container
        self._video = video
        self._rendition = rendition
        self._limits = limits
        self._watch = watch
        self._start = start_of(container)
        self.gaps: list[Gap] = []

    def spread_over(self, seconds: float, most: int) -> list[Still]:
        """At least one and at most twice as many as `most`, in order of time.

        Raises:
            NotCompared: there is none.
        """
        found = self._leapt(seconds, most)
        if len(found) < most:
            for still in self._read(max(seconds / most, _STEP_SECONDS), most, enough=bool(found)):
                found.setdefault(still.at, still)
        return [found[at] for at in sorted(found)]

    def _leapt(self, seconds: float, most: int) -> dict[float, Still]:
        """The pictures that stand for themselves before times evenly spread: quick to come by."""
        found: dict[float, Still] = {}
        for number in range(most if seconds else 1):
            if self._watch.short:
                self.gaps.append(_TOO_LONG)
                break
            with suppress(NotCompared):
                still = self._at(seconds * (number + 0.5) / most)
                found.setdefault(still.at, still)
        return found

    def _at(self, seconds: float) -> Still:
        self._leap(seconds)
        with hostile(_WHAT):
            frame = next(self._container.decode(self._video))
        return self._shown(frame)

    def _leap(self, seconds: float) -> None:
        leap(self._container, seconds)

    def _read(self, step: float, most: int, *, enough: bool) -> list[Still]:
        """Pictures from the beginning on, at least a step apart; the step grows with the video.

        Args:
            enough: whether it is no matter if there are none.

        Raises:
            NotCompared: there are none, and that matters.
        """
        read: list[Still] = []
        try:
            self._leap(-LEEWAY_SECONDS)
            for still in self._steps(step, read):
                read.append(still)
                if len(read) > most:
                    # Every other one is enough.
                    del read[1::2]
        except NotCompared as obstacle:
            if not read and not enough:
                raise
            self.gaps.append(obstacle.gap)
        return read

    def _steps(self, step: float, read: list[Still]) -> Iterator[Still]:
        frames = self._container.decode(self._video)
        due, held = -math.inf, 0
        while True:
            with hostile(_WHAT):
                frame = next(frames, None)
            if frame is None:
                return
            if self._watch.short:
                raise NotCompared(_TOO_LONG.reason, _TOO_LONG.detail)
            at = time_of(frame, self._start)
            if at >= due:
                yield self._shown(frame)
                step = step * 2 if len(read) < held else step
                due, held = at + step, len(read)

    def _shown(self, frame: VideoFrame) -> Still:
        return shown(frame, self._rendition, self._limits, time_of(frame, self._start))


def leap(container: InputContainer, seconds: float) -> None:
    """Goes on from the nearest picture that stands for itself before that time.

    Raises:
        NotCompared: that cannot be done.
    """
    start = start_of(container)
    with hostile(_WHAT):
        try:
            container.seek(round((start + seconds) * av.time_base))
        except av.error.FFmpegError:
            if seconds >= 0:
                raise
            # Some know nothing from before the beginning.
            container.seek(round(start * av.time_base))


def start_of(container: InputContainer) -> float:
    """The time of the first picture, in seconds: many do not begin at 0."""
    return (container.start_time or 0) / av.time_base


def time_of(frame: VideoFrame, start: float) -> float:
    """Seconds from the beginning."""
    return max((frame.time or 0.0) - start, 0.0)


_TOO_LONG = Gap(reason=GapReason.TIMED_OUT, detail="the rest of the video would take too long")
