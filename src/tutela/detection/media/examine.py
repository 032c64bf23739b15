"""Looks at one file: what it is, its exact fingerprints, and the pictures in it, at any depth."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from tutela.detection.media.digests import Digests
from tutela.detection.media.formats.archives import Budget, Member, members
from tutela.detection.media.formats.decode import fingerprint_picture
from tutela.detection.media.formats.fingerprint import Fingerprints
from tutela.detection.media.formats.heic import fingerprint_heic
from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import Exhausted, NotCompared
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import HEAD_BYTES, UNKNOWN, MediaType, Opener, sniff
from tutela.detection.media.source import HELD_BYTES, OpenFile, Passing
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.model import Content, Gap, GapReason

Emit = Callable[[Content], None]
"""Takes the contents of archives one by one, as they are done."""


def _nothing() -> None:
    """Everything is read already."""


class _Opened(NamedTuple):
    """The bytes of one file or member.

    Attributes:
        stream: seekable, over all of them.
        head: those from which the type is found.
        digests: complete after `rest`.
        size: how many there are.
        rest: reads for the digests what nobody else has read.
    """

    stream: BinaryIO
    head: bytes
    digests: Digests
    size: int
    rest: Callable[[], None] = _nothing


class Examiner:
    """Looks at files, one after the other.

    Args:
        kinds: signal kinds to make.
        limits: what each may cost.
        archives: whether archives are opened.
        dihedral: whether turned and mirrored variants of pictures are fingerprinted.
        exact_pixels: whether every picture is decoded whole, also where less would do.
        watch: processor time.
    """

    def __init__(
        self,
        kinds: SignalKinds,
        limits: Limits,
        watch: Watch,
        *,
        archives: bool,
        dihedral: bool,
        exact_pixels: bool = False,
    ) -> None:
        self._kinds = kinds
        self._limits = limits
        self._watch = watch
        self._archives = archives
        self._dihedral = dihedral
        self._reduce = not exact_pixels
        self._held_bytes = min(limits.archive_bytes, max(limits.memory_bytes // 4, HELD_BYTES))

    def examine(self, fd: int, emit: Emit) -> Content:
        """The content of the file behind a descriptor. Members of archives go to `emit`.

        Small files are read at once and held. Of large ones the digests are made while they are
        decoded, so that they are read once too. Never raises for what is in the file: that becomes
        a gap.
        """
        try:
            file = OpenFile(fd)
        except OSError as error:
            return _unreadable(f"it cannot be read ({type(error).__name__})")
        except InvalidInput as error:
            return _unreadable(error.what)
        try:
            opened = self._held(file) if file.size <= HELD_BYTES else self._passing(file)
            content = self._content((), opened, emit, None)
        except OSError as error:
            return _unreadable(f"it cannot be read ({type(error).__name__})")
        if file.has_changed():
            return with_gap(content, _CHANGED)
        return content

    def _held(self, file: OpenFile) -> _Opened:
        return self._in_memory(file.whole())

    def _in_memory(self, data: bytes) -> _Opened:
        digests = Digests(self._kinds)
        self._digest((data,), digests)
        return _Opened(io.BytesIO(data), data[:HEAD_BYTES], digests, len(data))

    def _passing(self, file: OpenFile) -> _Opened:
        digests = Digests(self._kinds)

        def seen(chunk: bytes) -> None:
            with self._watch.aside():
                digests.update(chunk)

        passing = Passing(file, seen)
        stream = file.stream(passing)
        head = stream.read(HEAD_BYTES)

        def rest() -> None:
            with self._watch.aside():
                passing.rest()

        return _Opened(stream, head, digests, file.size, rest)

    def examine_bytes(self, data: bytes, emit: Emit) -> Content:
        """The same for bytes at hand."""
        return self._content((), self._in_memory(data), emit, None)

    def _digest(self, chunks: Iterable[bytes], digests: Digests) -> None:
        for chunk in chunks:
            self._watch.restart()
            digests.update(chunk)

    def _content(
        self,
        path: tuple[str, ...],
        opened: _Opened,
        emit: Emit,
        budget: Budget | None,
    ) -> Content:
        """One file or member with everything that is in it."""
        self._watch.restart()
        stream, head, digests, size, rest = opened
        stream.seek(0)
        media_type = sniff(head) if head else UNKNOWN
        prints = Fingerprints(self._kinds, dihedral=self._dihedral, reduce=self._reduce)
        gaps: list[Gap] = []
        exhausted = None
        try:
            if media_type.archive and self._archives:
                budget = budget or Budget(self._limits, size)
                self._unpack(path, stream, media_type, emit, budget)
            else:
                self._picture(stream, media_type, size, prints)
        except NotCompared as obstacle:
            gaps.append(obstacle.gap)
            exhausted = obstacle if path and isinstance(obstacle, Exhausted) else None
        except MemoryError:
            gaps.append(_OUT_OF_MEMORY)
        rest()
        content = Content(
            path=path,
            media_type=media_type.name,
            size=digests.size,
            width=prints.width,
            height=prints.height,
            frames=prints.frames,
            signals=(*digests.signals(), *prints.signals),
            gaps=(*prints.gaps, *gaps),
        )
        if exhausted is not None:
            emit(content)
            raise exhausted
        return content

    def _picture(
        self, stream: BinaryIO, media_type: MediaType, size: int, prints: Fingerprints
    ) -> None:
        if media_type.opener is Opener.PILLOW:
            fingerprint_picture(stream, media_type.form, self._limits, self._watch, prints)
        elif media_type.opener is Opener.HEIF:
            fingerprint_heic(stream, self._limits, self._watch, prints)
        else:
            raise NotCompared(*not_a_picture(media_type, size))

    def _unpack(
        self,
        path: tuple[str, ...],
        stream: BinaryIO,
        media_type: MediaType,
        emit: Emit,
        budget: Budget,
    ) -> None:
        if len(path) >= self._limits.archive_depth:
            raise NotCompared(
                GapReason.ARCHIVE_LIMIT, f"an archive inside {len(path)} archives is not opened"
            )
        for member in members(stream, media_type, budget):
            self._member((*path, member.name), member, emit, budget)

    def _member(self, path: tuple[str, ...], member: Member, emit: Emit, budget: Budget) -> None:
        """One member, from its bytes; what stands in the way is a gap of its own."""
        self._watch.restart()
        digests = Digests(self._kinds)
        held = _Held(self._held_bytes)
        try:
            if member.obstacle is not None:
                raise member.obstacle
            self._digest(held.passing(member.chunks), digests)
        except NotCompared as obstacle:
            emit(Content(path=path, size=member.size, gaps=(obstacle.gap,)))
            if isinstance(obstacle, Exhausted):
                raise
            return
        except MemoryError:
            emit(Content(path=path, size=member.size, gaps=(_OUT_OF_MEMORY,)))
            return
        if held.overflown:
            emit(_too_large(path, held, digests))
        else:
            opened = _Opened(held.stream(), held.head, digests, digests.size)
            emit(self._content(path, opened, emit, budget))


class _Held:
    """The bytes of a member, held as long as they fit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = io.BytesIO()
        self.head = b""
        self.overflown = False

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Gives each chunk on and keeps it."""
        for chunk in chunks:
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            if not self.overflown:
                self._keep(chunk)
            yield chunk

    def stream(self) -> BinaryIO:
        """All of it, from the beginning."""
        self._buffer.seek(0)
        return self._buffer

    def _keep(self, chunk: bytes) -> None:
        self._buffer.write(chunk)
        if self._buffer.tell() > self._most:
            self.overflown = True
            self._buffer = io.BytesIO()


def not_a_picture(media_type: MediaType, size: int) -> tuple[GapReason, str]:
    """Why bytes that no opener takes are not compared whole."""
    if not size:
        return GapReason.EMPTY, "it has no bytes"
    subject = "not opened" if media_type.archive else "not a picture that can be decoded"
    return (
        GapReason.UNSUPPORTED,
        f"{subject}: looks like {media_type.words}; only exact fingerprints were compared",
    )


def with_gap(content: Content, gap: Gap) -> Content:
    """The same content with one more gap."""
    return msgspec.structs.replace(content, gaps=(*content.gaps, gap))


def _too_large(path: tuple[str, ...], held: _Held, digests: Digests) -> Content:
    detail = "too large to be unpacked in memory; only exact fingerprints were compared"
    return Content(
        path=path,
        media_type=sniff(held.head).name,
        size=digests.size,
        signals=digests.signals(),
        gaps=(Gap(reason=GapReason.TOO_LARGE, detail=detail),),
    )


def _unreadable(detail: str) -> Content:
    return Content(gaps=(Gap(reason=GapReason.UNREADABLE, detail=detail),))


_CHANGED = Gap(reason=GapReason.UNREADABLE, detail="it was changed while it was read")
_OUT_OF_MEMORY = Gap(
    reason=GapReason.OUT_OF_MEMORY, detail="decoding it takes more memory than is allowed"
)
