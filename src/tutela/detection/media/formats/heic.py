"""Opens HEIC pictures with PyAV's HEVC decoder. Runs in the sandboxed child only.

The file's structure is read by `heif.py`; FFmpeg sees one coded picture at a time. Tiles are put
together here, since photographs of telephones are grids of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tutela.detection.media.formats.fingerprint import Fingerprints, View
from tutela.detection.media.formats.heif import Cursor, Grid, Heif, Item, Malformed
from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared, check_size, hostile
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.signals.kind import Pixels
from tutela.model import GapReason

_CODED = frozenset({b"hvc1", b"hev1"})
_GRID = b"grid"


def fingerprint_heic(stream: BinaryIO, limits: Limits, watch: Watch, into: Fingerprints) -> None:
    """Fingerprints every picture of a HEIC file that stands for itself, the primary one first.

    Args:
        stream: seekable.
        limits: pixels and frames.
        watch: ends the work between pictures and tiles when time runs out.
        into: where signals and the size go.

    Raises:
        NotCompared: it is damaged, too large, or of a kind that cannot be decoded. What was
            fingerprinted before stays in `into`.
        MemoryError: it takes more memory than the child may use.
    """
    with hostile():
        heif = Heif(stream)
        pictures = heif.pictures()
    decoder = _Decoder(heif, limits, watch)
    for number, item in enumerate(pictures[: limits.frames]):
        pixels = decoder.pixels(item)
        if not number:
            into.height, into.width = pixels.shape[:2]
        into.add(_views(item, pixels), f"frame {number}" if len(pictures) > 1 else "")
    if len(pictures) > limits.frames:
        raise NotCompared(
            GapReason.TOO_LARGE,
            f"only {limits.frames} of its {len(pictures)} pictures were compared",
        )
    if heif.has_sequence:
        raise NotCompared(
            GapReason.UNSUPPORTED, "it also holds a sequence of pictures, which was not compared"
        )


def heic_pictures(stream: BinaryIO, limits: Limits, watch: Watch, most: int) -> Iterator[Pixels]:
    """The pictures of a HEIC file as its properties say that they are shown, primary one first.

    Raises:
        NotCompared: it is damaged, too large, or of a kind that cannot be decoded.
        MemoryError: it takes more memory than the child may use.
    """
    with hostile():
        heif = Heif(stream)
        pictures = heif.pictures()
    decoder = _Decoder(heif, limits, watch)
    for item in pictures[:most]:
        shown = decoder.pixels(item)
        with hostile():
            for kind, data in item.properties:
                shown = _transformed(shown, kind, data)
        yield np.ascontiguousarray(shown)


class _Decoder:
    """Decodes items of one file. HEVC decoders are kept per configuration: tiles share one."""

    def __init__(self, heif: Heif, limits: Limits, watch: Watch) -> None:
        self._heif = heif
        self._limits = limits
        self._watch = watch
        self._contexts: dict[bytes, VideoCodecContext] = {}

    def pixels(self, item: Item) -> Pixels:
        """The item as stored, in RGB."""
        if item.type in _CODED:
            return self._coded(item)
        if item.type == _GRID:
            with hostile():
                grid = self._heif.grid(item)
            check_size(grid.width, grid.height, self._limits)
            return self._stitched(item, grid)
        raise NotCompared(
            GapReason.UNSUPPORTED, "a HEIF picture in a coding that is not decoded here"
        )

    def _stitched(self, item: Item, grid: Grid) -> Pixels:
        tiles = [self._heif.items.get(part) for part in item.parts]
        with hostile():
            if len(tiles) != grid.rows * grid.columns:
                raise Malformed("the number of tiles is wrong")
            canvas = np.zeros((grid.height, grid.width, 3), dtype=np.uint8)
        for number, tile in enumerate(tiles):
            if tile is None or tile.type not in _CODED:
                raise NotCompared(GapReason.UNSUPPORTED, "a tile in a coding that is not decoded")
            if self._watch.short:
                raise NotCompared(GapReason.TIMED_OUT, "its tiles would take too long")
            pixels = self._coded(tile)
            height, width = pixels.shape[:2]
            if height * grid.rows < grid.height or width * grid.columns < grid.width:
                raise NotCompared(GapReason.DAMAGED, "its tiles do not cover the picture")
            row, column = divmod(number, grid.columns)
            place = canvas[row * height :, column * width :][:height, :width]
            place[:] = pixels[: place.shape[0], : place.shape[1]]
        return canvas

    def _coded(self, item: Item) -> Pixels:
        with hostile():
            frame = self._frame(item)
        check_size(frame.width, frame.height, self._limits)
        with hostile():
            # The sandbox lets no thread begin.
            return (
                frame.reformat(format="rgb24", threads=1).to_ndarray().astype(np.uint8, copy=False)
            )

    def _frame(self, item: Item) -> VideoFrame:
        configuration = item.property(b"hvcC")
        if configuration is None:
            raise Malformed("the decoder's configuration is missing")
        context = self._context(bytes(configuration))
        frames = context.decode(av.Packet(self._heif.data(item))) + context.decode(None)
        context.flush_buffers()
        if not frames or frames[0].is_corrupt:
            raise Malformed("no whole picture came out")
        return frames[0]

    def _context(self, configuration: bytes) -> VideoCodecContext:
        if configuration not in self._contexts:
            context = CodecContext.create("hevc", "r")
            context.extradata = configuration
            context.thread_count = 1
            context.options = {"max_pixels": str(self._limits.pixels)}
            self._contexts[configuration] = context
        return self._contexts[configuration]


def _views(item: Item, pixels: Pixels) -> Iterator[View]:
    """The picture as stored, and as its properties say it is shown."""
    yield View("", pixels)
    with hostile():
        shown = pixels
        for kind, data in item.properties:
            shown = _transformed(shown, kind, data)
    if shown is not pixels:
        cropped = shown.size != pixels.size
        yield View("cropped" if cropped else "turned", shown, variants=cropped)


def _transformed(pixels: Pixels, kind: bytes, data: memoryview) -> Pixels:
    """A picture after one transformative property (ISO/IEC 23008-12, 6.5)."""
    if kind == b"irot" and data[0] & 3:
        return np.rot90(pixels, data[0] & 3)
    if kind == b"imir":
        return pixels[:, ::-1] if data[0] & 1 else pixels[::-1]
    if kind == b"clap":
        return _cropped(pixels, Cursor(data))
    return pixels


def _cropped(pixels: Pixels, clap: Cursor) -> Pixels:
    """The clean aperture (ISO/IEC 14496-12, 12.1.4): a size, and how far its centre is moved."""
    width, height, right, down = (_ratio(clap) for _ in range(4))
    left = right + (pixels.shape[1] - width) / 2
    top = down + (pixels.shape[0] - height) / 2
    rows = slice(max(round(top), 0), max(round(top + height), 0))
    columns = slice(max(round(left), 0), max(round(left + width), 0))
    cropped = pixels[rows, columns]
    if not cropped.size:
        raise Malformed("nothing is left of the picture")
    return cropped if cropped.shape != pixels.shape else pixels


def _ratio(clap: Cursor) -> float:
    numerator, denominator = (int.from_bytes(clap.bytes(4), "big", signed=True) for _ in range(2))
    return numerator / denominator
