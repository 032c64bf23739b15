"""Makes the rendition of one file, or of one member of an archive. In the sandboxed child only."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import Image

from tutela.detection.media.formats.archives import Budget, Member, members
from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared
from tutela.detection.media.rendering.covering import Part, covered, part_of, sheet, uncovered_part
from tutela.detection.media.rendering.film import film
from tutela.detection.media.rendering.rendition import PICTURE, Rendered, Rendition
from tutela.detection.media.rendering.spread import spread
from tutela.detection.media.rendering.stills import Stills, picture_stills, whole_needed
from tutela.detection.media.rendering.video import FORMS, video_stills
from tutela.detection.media.rendering.watermark import marked
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import HEAD_BYTES, MediaType, sniff
from tutela.detection.media.source import HELD_BYTES, OpenFile
from tutela.detection.signals.kind import Pixels
from tutela.errors import InvalidInput
from tutela.model import Gap, GapReason

_QUALITY = 85


class Renderer:
    """Makes renditions, one after the other.

    Args:
        limits: what each may cost.
        watch: processor time.
    """

    def __init__(self, limits: Limits, watch: Watch) -> None:
        self._limits = limits
        self._watch = watch
        self._held_bytes = min(limits.archive_bytes, max(limits.memory_bytes // 4, HELD_BYTES))

    def render(self, fd: int, rendition: Rendition) -> Rendered | Gap:
        """The rendition of the file behind a descriptor. Never raises for what is in the file."""
        try:
            file = OpenFile(fd)
            stream = io.BytesIO(file.whole()) if file.size <= HELD_BYTES else file.stream()
            return self.render_stream(stream, file.size, rendition)
        except OSError as error:
            return _unreadable(f"it cannot be read ({type(error).__name__})")
        except InvalidInput as error:
            return _unreadable(error.what)

    def render_stream(self, stream: BinaryIO, size: int, rendition: Rendition) -> Rendered | Gap:
        """The same for a seekable stream of so many bytes."""
        self._watch.restart()
        try:
            for depth in range(len(rendition.member)):
                stream = self._member(stream, size, rendition, depth)
            return self._rendered(stream, rendition)
        except NotCompared as obstacle:
            return obstacle.gap
        except MemoryError:
            return Gap(
                reason=GapReason.OUT_OF_MEMORY,
                detail="showing it takes more memory than is allowed",
            )

    def _member(self, stream: BinaryIO, size: int, rendition: Rendition, depth: int) -> BinaryIO:
        """The bytes of a member of the archive in the stream."""
        media_type = _type_of(stream)
        if not media_type.archive:
            raise NotCompared(GapReason.UNREADABLE, f"looks like {media_type.words}: no archive")
        name = rendition.member[depth]
        # Of equal names, the last step says which: those before it are archives themselves.
        passed_over = rendition.again if depth == len(rendition.member) - 1 else 0
        for member in members(stream, media_type, Budget(self._limits, size)):
            self._watch.restart()
            if member.name == name:
                if not passed_over:
                    return self._held(member)
                passed_over -= 1
        raise NotCompared(GapReason.UNREADABLE, "the archive has no member of that name")

    def _held(self, member: Member) -> BinaryIO:
        if member.obstacle is not None:
            raise member.obstacle
        held = io.BytesIO()
        for chunk in member.chunks:
            self._watch.restart()
            if held.tell() + len(chunk) > self._held_bytes:
                raise NotCompared(GapReason.TOO_LARGE, "too large to be unpacked in memory")
            held.write(chunk)
        return held

    def _rendered(self, stream: BinaryIO, rendition: Rendition) -> Rendered:
        self._watch.restart()
        media_type = _type_of(stream)
        if not media_type.picture and media_type.name not in FORMS:
            raise NotCompared(
                GapReason.UNSUPPORTED, f"nothing that can be shown: looks like {media_type.words}"
            )
        if rendition.clip is not None:
            return film(stream, media_type, rendition, self._limits, self._watch)
        make = video_stills if media_type.name in FORMS else picture_stills
        return _still(make(stream, media_type, rendition, self._limits, self._watch), rendition)


def _type_of(stream: BinaryIO) -> MediaType:
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if not head:
        raise NotCompared(GapReason.EMPTY, "it has no bytes")
    return sniff(head)


def _still(stills: Stills, rendition: Rendition) -> Rendered:
    """One picture of all that were found."""
    chosen = spread([still.image for still in stills.stills], rendition.stills)
    first, columns = stills.stills[chosen[0]], 1
    region = rendition.region
    if len(chosen) == 1 and region is not None and whole_needed(rendition):
        part = uncovered_part(first.image, region, rendition)
    else:
        shown = [covered(stills.stills[number].image, rendition) for number in chosen]
        page, columns = sheet(shown) if len(shown) > 1 else (shown[0], 1)
        part = part_of(page, region) if region is not None else _whole(page)
    pixels = marked(part.pixels, rendition.mark, part.whole, part.at)
    return Rendered(
        media_type=PICTURE,
        data=_encoded(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        whole_width=first.size[0],
        whole_height=first.size[1],
        stills=len(chosen),
        columns=columns,
        seconds=stills.seconds,
        gaps=stills.gaps,
    )


def _whole(page: Pixels) -> Part:
    return Part(page, (page.shape[1], page.shape[0]), (0, 0))


def _encoded(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def _unreadable(detail: str) -> Gap:
    return Gap(reason=GapReason.UNREADABLE, detail=detail)
