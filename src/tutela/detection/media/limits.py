"""What one file may cost before decoding it is given up."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tutela.model.record import Record

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Limits(Record, frozen=True, kw_only=True):
    """Bounds of one job in a decoder child. Passing one is a gap, never an error.

    Attributes:
        memory_bytes: address space that a child may use beyond what it needs when idle. Decoding
            takes about 12 bytes for each pixel.
        cpu_seconds: processor time for decoding one file, or one member of an archive. Taking
            fingerprints of the bytes is not counted.
        wall_seconds: time without an answer after which a child counts as hung. For large files
            the time to read them is added.
        pixels: largest picture that is decoded, in pixels.
        frames: pictures of an animation, or pages, that are fingerprinted.
        archive_depth: archives within archives that are opened; 1 opens the outermost only.
        archive_bytes: unpacked size of one archive, all levels together.
        archive_ratio: unpacked size over packed size of one archive. Looked at beyond 16 MiB.
        archive_members: files in one archive, all levels together.
        archive_seconds: processor time for one archive, all levels together.
        jobs_per_child: jobs after which a child is replaced.
    """

    memory_bytes: Positive = 1536 * 2**20
    cpu_seconds: Seconds = 20.0
    wall_seconds: Seconds = 30.0
    pixels: Positive = 100_000_000
    frames: Positive = 64
    archive_depth: Positive = 3
    archive_bytes: Positive = 2 * 2**30
    archive_ratio: Annotated[float, msgspec.Meta(ge=1)] = 200.0
    archive_members: Positive = 10_000
    archive_seconds: Seconds = 300.0
    jobs_per_child: Positive = 5000
