"""Plays a few seconds of what moves again. Runs in the sandboxed child only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared, hostile
from tutela.detection.media.rendering.covering import covered
from tutela.detection.media.rendering.reel import FRAMES_PER_SECOND, Reel
from tutela.detection.media.rendering.rendition import FILM, Clip, Rendered, Rendition
from tutela.detection.media.rendering.stills import Still, moving_pictures
from tutela.detection.media.rendering.video import (
    FORMS,
    LEEWAY_SECONDS,
    duration,
    leap,
    opened_video,
    shown,
    start_of,
    time_of,
)
from tutela.detection.media.rendering.watermark import marked
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import MediaType
from tutela.detection.signals.kind import Pixels
from tutela.model import Gap, GapReason

_WHAT = "the video"
_STEP = 1 / (FRAMES_PER_SECOND + 1)


def film(
    stream: BinaryIO, media_type: MediaType, rendition: Rendition, limits: Limits, watch: Watch
) -> Rendered:
    """A clip of a video or an animation, as `rendition.clip` says.

    Raises:
        NotCompared: nothing of it can be played.
        MemoryError: it takes more memory than the child may use.
    """
    clip = rendition.clip or Clip()
    if media_type.name not in FORMS:
        frames = moving_pictures(stream, media_type, rendition, limits, watch)
        return _Playing(rendition, clip, watch, sound=False).played(frames, None)
    with opened_video(stream, media_type, limits) as (container, video):
        sound = clip.sound and bool(container.streams.audio)
        playing = _Playing(rendition, clip, watch, sound=sound)
        pieces = _pieces(container, video, rendition, clip, limits)
        return playing.played(pieces, duration(container))


def _pieces(
    container: InputContainer, video: VideoStream, rendition: Rendition, clip: Clip, limits: Limits
) -> Iterator[Still | AudioFrame]:
    """Pictures and sounds from shortly before a clip's beginning on, as they come."""
    start = start_of(container)
    sounds = container.streams.audio[:1] if clip.sound else ()
    for sound in sounds:
        sound.codec_context.thread_count = 1
    leap(container, clip.start - LEEWAY_SECONDS)
    with hostile(_WHAT):
        packets = container.demux(video, *sounds)
    while True:
        with hostile(_WHAT):
            packet = next(packets, None)
            frames = packet.decode() if packet is not None else []
        if packet is None:
            return
        for frame in frames:
            if isinstance(frame, AudioFrame):
                yield frame
            elif isinstance(frame, VideoFrame) and (at := time_of(frame, start)) >= clip.start:
                yield shown(frame, rendition, limits, at)


class _Playing:
    """Puts pieces on a reel until the clip ends."""

    def __init__(self, rendition: Rendition, clip: Clip, watch: Watch, *, sound: bool) -> None:
        self._rendition = rendition
        self._clip = clip
        self._watch = watch
        self._sound = sound
        self._reel: Reel | None = None
        self._due = clip.start
        self._whole = (0, 0)
        self._size = (0, 0)

    def played(self, pieces: Iterator[Still | AudioFrame], seconds: float | None) -> Rendered:
        """All that is on the reel in the end."""
        gaps: tuple[Gap, ...] = ()
        try:
            for piece in pieces:
                if not self._put(piece):
                    break
        except NotCompared as obstacle:
            if self._reel is None:
                raise
            gaps = (obstacle.gap,)
        if self._reel is None:
            raise NotCompared(GapReason.UNSUPPORTED, "there is nothing to play at that time")
        with hostile(_WHAT):
            data = self._reel.done()
        return Rendered(
            media_type=FILM,
            data=data,
            width=self._size[0],
            height=self._size[1],
            whole_width=self._whole[0],
            whole_height=self._whole[1],
            stills=0,
            seconds=seconds,
            gaps=gaps,
        )

    def _put(self, piece: Still | AudioFrame) -> bool:
        """Whether there may be more."""
        if isinstance(piece, AudioFrame):
            self._hear(piece)
            return True
        if piece.at >= self._clip.start + self._clip.seconds:
            return False
        if self._watch.short or (self._reel is not None and self._reel.full):
            raise NotCompared(GapReason.TIMED_OUT, "the rest of the clip would take too long")
        if piece.at >= self._due:
            self._due = piece.at + _STEP
            self._show(piece)
        return True

    def _show(self, still: Still) -> None:
        pixels = covered(still.image, self._rendition)
        pixels = marked(pixels, self._rendition.mark, (pixels.shape[1], pixels.shape[0]), (0, 0))
        with hostile(_WHAT):
            if self._reel is None:
                self._size = _even(pixels.shape[1]), _even(pixels.shape[0])
                self._whole = still.size
                self._reel = Reel(*self._size, sound=self._sound)
            self._reel.show(_fitted(pixels, *self._size), still.at - self._clip.start)

    def _hear(self, frame: AudioFrame) -> None:
        if self._reel is not None:
            with hostile(_WHAT):
                self._reel.hear(frame, self._due - _STEP - self._clip.start)


def _even(length: int) -> int:
    """VP8 halves its colours: an even length, at least 2 pixels."""
    return max(length - length % 2, 2)


def _fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """Pixels in the film's size, which the first picture has set."""
    rows, columns = pixels.shape[:2]
    if rows < height or columns < width:
        missing = [(0, max(height - rows, 0)), (0, max(width - columns, 0))]
        pixels = np.pad(pixels, missing + [(0, 0)] * (pixels.ndim - 2), mode="edge")
    return np.ascontiguousarray(pixels[:height, :width])
