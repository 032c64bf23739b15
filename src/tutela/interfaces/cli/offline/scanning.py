"""The work of `tutela scan`: set up, run, report, and end well on Ctrl-C."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, BinaryIO, NamedTuple

from tutela.detection.index.matcher import Matcher
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import NotFound
from tutela.interfaces.cli.loading import load_lists
from tutela.interfaces.cli.offline.scan_view import ScanProgress, Tables
from tutela.investigation.findings import BankUsed, ScannedFile, Summary, sound
from tutela.investigation.page import HtmlPage
from tutela.investigation.report import CsvTable, JsonLines, Report
from tutela.investigation.scan import Scan
from tutela.investigation.walk import Walk
from tutela.lists.offline import OfflineLists
from tutela.lists.replacing import replacing

FOUND = 1
CANNOT_RUN = 2
SIGNAL_EXIT = 128
"""What a shell adds to the number of the signal that ended a program."""


class Options(NamedTuple):
    """The command line of `tutela scan`."""

    paths: tuple[str, ...]
    banks: tuple[Path, ...]
    allow: tuple[Path, ...]
    bank_type: str | None
    distance: int
    dihedral: bool
    exact_pixels: bool
    archives: bool
    jobs: int | None
    json: bool
    csv: Path | None
    html: Path | None
    everything: bool
    quiet: bool


class _Outputs:
    """What the user asked to be told, and how.

    Attributes:
        reports: take the findings.
        files: those that are written, which may lie in a folder that is scanned.
    """

    def __init__(self, options: Options, stack: ExitStack) -> None:
        self.reports: list[Report] = []
        self.files: list[os.stat_result] = []
        self._stack = stack
        if options.json:
            self.reports.append(JsonLines(sys.stdout.buffer, everything=options.everything))
        elif not options.quiet:
            self.reports.append(Tables())
        self._note(sys.stdout)
        if options.csv:
            stream = self._open(options.csv)
            self.reports.append(CsvTable(stream, everything=options.everything))
        if options.html:
            title = ", ".join(map(sound, options.paths))
            self.reports.append(HtmlPage(self._open(options.html), title=title))

    def _open(self, path: Path) -> BinaryIO:
        stream = self._stack.enter_context(replacing(path))
        self._note(stream)
        return stream

    def _note(self, stream: IO[str] | IO[bytes]) -> None:
        self.files.append(os.fstat(stream.fileno()))


def run_scan(options: Options) -> int:
    """Run a scan and return the exit code of the program.

    Raises:
        TutelaError: it could not run; nothing was written.
    """
    for path in options.paths:
        if not os.path.lexists(path):
            raise NotFound("there is no such file or folder", where=sound(path))
    _allow_open_files()
    # The decoders start while the lists are read.
    pool = DecoderPool(
        children=options.jobs or len(os.sched_getaffinity(0)),
        limits=Limits(),
        archives=options.archives,
        dihedral=options.dihedral,
        exact_pixels=options.exact_pixels,
    )
    code = CANNOT_RUN
    try:
        with ExitStack() as outputs:
            code = _scan(options, pool, _Outputs(options, outputs))
    except BrokenPipeError:
        # Whoever read the output left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        # After an interruption nobody waits for the files that are being decoded: the children
        # end with this process.
        if code < SIGNAL_EXIT:
            pool.close()
    return code


def _scan(options: Options, pool: DecoderPool, outputs: _Outputs) -> int:
    kinds = builtin_kinds()
    shown = _shows_progress(options)
    lists = load_lists(options.banks, kinds, options.bank_type, shown=shown, allow=options.allow)
    matcher = Matcher(kinds)
    lists.fill(matcher, options.distance)
    pool.wait_ready()
    walk = Walk(options.paths, outputs.files)
    with ScanProgress(options.paths, shown=_shows_progress(options)) as progress:

        def report(file: ScannedFile) -> None:
            for each in outputs.reports:
                each.file(file)
            progress.show(scan.tally)

        scan = Scan(walk=walk, pool=pool, matcher=matcher, kinds=kinds, lists=lists, report=report)
        started = time.monotonic()
        with _interruptible(scan.stop) as received:
            scan.run()
        seconds = time.monotonic() - started
    summary = scan.summary(seconds=seconds, distance=options.distance, banks=_banks(lists))
    for each in outputs.reports:
        each.finish(summary)
    return _exit_code(summary, received)


def _exit_code(summary: Summary, received: list[int]) -> int:
    if received:
        return SIGNAL_EXIT + received[0]
    return FOUND if summary.matched else 0


def _banks(lists: OfflineLists) -> list[BankUsed]:
    return [
        BankUsed(
            name=name,
            file=sound(item.file),
            entries=entries,
            left_out=item.left_out,
            allow=item.allow,
        )
        for name, item, entries in lists.banks()
    ]


def _shows_progress(options: Options) -> bool:
    return not (options.json or options.quiet)


def _allow_open_files() -> None:
    """Every folder on the way down stays open, and deep trees exceed the usual soft limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _interruptible(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` on the first Ctrl-C or SIGTERM; a second one ends the program as usual."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, _: FrameType | None) -> None:
        received.append(number)
        restore()
        stop()

    for number in before:
        signal.signal(number, handle)
    try:
        yield received
    finally:
        restore()
