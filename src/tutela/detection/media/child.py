"""A decoder child: `python -I -m tutela.detection.media.child`, with the parent at descriptor 0.

It imports, compiles and tries everything, locks itself down, tries everything again, and then
answers one job after the other until the parent hangs up.
"""

from __future__ import annotations

import codecs
import ctypes
import gc
import io
import logging
import os
import socket
import sys
import warnings
from contextlib import suppress
from tempfile import TemporaryFile

import av.logging

from tutela.detection.media.examine import Examiner
from tutela.detection.media.formats import samples
from tutela.detection.media.formats.decode import prepare
from tutela.detection.media.rendering import watermark
from tutela.detection.media.rendering.renderer import Renderer
from tutela.detection.media.rendering.rendition import Clip, Rendition
from tutela.detection.media.sandbox import Walls, lock_down
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.wire import Found, Setup, Started, Wire
from tutela.detection.signals.registry import builtin_kinds
from tutela.model import Content, Gap

_CHANNEL = 0
_PATIENCE_SECONDS = 600.0
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_ENCODINGS = (
    *("ascii", "latin-1", "cp437", "cp1252", "unicode_escape"),
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
)


def main() -> int:
    """Runs the child; gives its exit code."""
    wire = Wire(socket.socket(fileno=_CHANNEL))
    setup = wire.receive(Setup)
    watch = Watch(setup.limits.cpu_seconds, deadly=False)  # compiling may take longer
    try:
        examiner = Examiner(
            builtin_kinds(),
            setup.limits,
            watch,
            archives=setup.archives,
            dihedral=setup.dihedral,
            exact_pixels=setup.exact_pixels,
        )
        renderer = Renderer(setup.limits, watch)
        walls = _begin(setup, examiner)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        wire.send(Started(problem=_in_short(error)))
        return 1
    watch.deadly = True
    wire.send(Started(protections=walls.protections, missing=walls.missing))
    _serve(wire, examiner, renderer, watch)
    return 0


def _in_short(error: Exception) -> str:
    first_line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first_line[:300]}"


def _begin(setup: Setup, examiner: Examiner) -> Walls:
    """Everything up to the first job."""
    keep_memory()
    prepare()
    watermark.prepare()
    _silence()
    for encoding in _ENCODINGS:  # Python would load them from files when first needed.
        codecs.lookup(encoding)
    pictures = list(samples.samples())
    _try_out(examiner, pictures)
    shown = samples.film()
    # A limit for hostile files may be too short for a busy machine to begin in.
    renderer = Renderer(setup.limits, Watch(_PATIENCE_SECONDS, deadly=False))
    _try_showing(renderer, pictures, shown)
    with TemporaryFile(buffering=0) as file:
        file.write(pictures[0])
        os.environ.clear()
        walls = lock_down(
            memory_bytes=setup.limits.memory_bytes, parent=setup.parent, channel=_CHANNEL
        )
        _try_out(examiner, pictures)
        _require_signals(examiner.examine(file.fileno(), _ignore))
        _try_showing(renderer, pictures, shown)
    gc.freeze()
    return walls


def keep_memory() -> None:
    """Keeps freed memory for the next picture, with glibc.

    Asking the kernel for it again would more than double the time of a photograph.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 32 * 2**20)
        mallopt(_TRIM_THRESHOLD, 128 * 2**20)
        mallopt(_TOP_PAD, 16 * 2**20)


def _silence() -> None:
    """Libraries must not try to write about hostile files: nothing can be written later."""
    warnings.simplefilter("ignore")
    logging.disable()
    av.logging.set_level(av.logging.PANIC)


def _try_out(examiner: Examiner, pictures: list[bytes]) -> None:
    """Each sample must be compared whole: a picture that cannot be would be a silent miss."""
    for picture in pictures:
        _require_signals(examiner.examine_bytes(picture, _ignore))
    examiner.examine_bytes(samples.archive(), _ignore)


def _require_signals(content: Content) -> None:
    if content.gaps or not content.frames:
        reasons = ", ".join(gap.detail for gap in content.gaps)
        raise RuntimeError(f"the {content.media_type} sample cannot be decoded: {reasons}")


def _try_showing(renderer: Renderer, pictures: list[bytes], film: bytes) -> None:
    """Each sample must be shown, still and moving: what is loaded for it cannot be loaded later."""
    sheet = Rendition(size=64, mark="sample", stills=4, grey=False)
    played = Rendition(size=64, mark="sample", clip=Clip(sound=True))
    asked = [(picture, sheet) for picture in pictures] + [(film, sheet), (film, played)]
    for data, rendition in asked:
        shown = renderer.render_stream(io.BytesIO(data), len(data), rendition)
        gaps = (shown,) if isinstance(shown, Gap) else shown.gaps
        if gaps:
            raise RuntimeError(f"a sample cannot be shown: {gaps[0].detail}")


def _ignore(_: Content) -> None:
    """Samples are for their own sake."""


def _serve(wire: Wire, examiner: Examiner, renderer: Renderer, watch: Watch) -> None:
    while True:
        try:
            jobs, fds = wire.receive_jobs()
        except EOFError:
            return
        # Each is answered as soon as it is done: if this process dies, the first that has no
        # answer is to blame.
        for number, fd in enumerate(fds, jobs.first):
            rendition = jobs.renditions.get(number)
            try:
                if rendition is None:
                    wire.send(_answer(wire, number, fd, examiner))
                else:
                    wire.send(_shown(number, fd, rendition, renderer))
            finally:
                watch.stop()
                os.close(fd)


def _answer(wire: Wire, number: int, fd: int, examiner: Examiner) -> Found:
    """The last message about a job. Members of archives are sent at once, in case of death."""
    try:
        whole = examiner.examine(
            fd, lambda member: wire.send(Found(number=number, members=(member,)))
        )
    except Exception as error:  # noqa: BLE001 - a mistake of ours costs one job, not the child
        return Found(number=number, problem=type(error).__name__)
    return Found(number=number, whole=whole)


def _shown(number: int, fd: int, rendition: Rendition, renderer: Renderer) -> Found:
    """The answer to who wants to see it."""
    try:
        made = renderer.render(fd, rendition)
    except Exception as error:  # noqa: BLE001 - as above
        return Found(number=number, problem=type(error).__name__)
    if isinstance(made, Gap):
        return Found(number=number, gap=made)
    return Found(number=number, rendered=made)


if __name__ == "__main__":
    sys.exit(main())
