"""A decoder child: `python -I -m tutela.detection.media.child`, with the parent at descriptor 0.

It imports, compiles and tries everything, locks itself down, tries everything again, and then
answers one job after the other until the parent hangs up.
"""

from __future__ import annotations

import codecs
import ctypes
import gc
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
from tutela.detection.media.sandbox import Walls, lock_down
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.wire import Found, Setup, Started, Wire
from tutela.detection.signals.registry import builtin_kinds
from tutela.model import Content

_CHANNEL = 0
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
        walls = _begin(setup, examiner)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        wire.send(Started(problem=_in_short(error)))
        return 1
    watch.deadly = True
    wire.send(Started(protections=walls.protections, missing=walls.missing))
    _serve(wire, examiner, watch)
    return 0


def _in_short(error: Exception) -> str:
    first_line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first_line[:300]}"


def _begin(setup: Setup, examiner: Examiner) -> Walls:
    """Everything up to the first job."""
    keep_memory()
    prepare()
    _silence()
    for encoding in _ENCODINGS:  # Python would load them from files when first needed.
        codecs.lookup(encoding)
    pictures = list(samples.samples())
    _try_out(examiner, pictures)
    with TemporaryFile(buffering=0) as file:
        file.write(pictures[0])
        os.environ.clear()
        walls = lock_down(
            memory_bytes=setup.limits.memory_bytes, parent=setup.parent, channel=_CHANNEL
        )
        _try_out(examiner, pictures)
        _require_signals(examiner.examine(file.fileno(), _ignore))
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


def _ignore(_: Content) -> None:
    """Samples are for their own sake."""


def _serve(wire: Wire, examiner: Examiner, watch: Watch) -> None:
    while True:
        try:
            jobs, fds = wire.receive_jobs()
        except EOFError:
            return
        # Each is answered as soon as it is done: if this process dies, the first that has no
        # answer is to blame.
        for number, fd in enumerate(fds, jobs.first):
            try:
                wire.send(_answer(wire, number, fd, examiner))
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


if __name__ == "__main__":
    sys.exit(main())
