"""What a scan found out: one record per file, and the sum of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import msgspec

from tutela.model import Content, Gap, Match, Silenced, Verdict
from tutela.model.record import Record


class PlacedGap(Gap, frozen=True, kw_only=True):
    """A part of a file that was not compared.

    Attributes:
        path: where it lay inside archives, as in `Content.path`.
    """

    path: tuple[str, ...] = ()


class ScannedFile(Record, frozen=True, kw_only=True, tag_field="type", tag="file"):
    r"""One file of a disk, with everything inside it if it is an archive.

    Attributes:
        path: as found; bytes that are not UTF-8 are written as `\xff`.
        path_bytes: hex of the path's bytes where they are not UTF-8, else None.
        size: bytes.
        media_type: what it is, told from its content; empty where it could not be read.
        members: files that were found inside it.
        matches: closest first; `entry_id` counts the entries of the bank from 1.
        gaps: every part that was not compared, and why.
        silenced: matches that do not count, each with why.
    """

    path: str
    path_bytes: str | None = None
    verdict: Verdict
    size: int = 0
    media_type: str = ""
    members: int = 0
    matches: tuple[Match, ...] = ()
    gaps: tuple[PlacedGap, ...] = ()
    silenced: tuple[Silenced, ...] = ()


class BankUsed(Record, frozen=True, kw_only=True):
    """A list that files were compared with.

    Attributes:
        name: the bank's name in findings.
        file: the file it was read from.
        entries: entries that took part.
        left_out: what the file held beyond them, and why it was not compared.
        allow: whether it lists what is known to be harmless.
    """

    name: str
    file: str
    entries: int
    left_out: dict[str, int]
    allow: bool = False


class Summary(Record, frozen=True, kw_only=True, tag_field="type", tag="summary"):
    """A whole scan.

    Attributes:
        complete: False where it was interrupted: what was not reached is counted nowhere.
        files: files that were looked at or could not be; the next three add up to it.
        not_checked_reasons: files that were not checked by the reason of their first gap.
        members: files inside archives.
        links: links that were met in folders and not followed.
        silenced: matches that do not count, because an allow bank knows them or a picture has too
            little in it.
        bytes: size of all files together.
        distance: greatest distance in bits at which a perceptual signal matched.
    """

    complete: bool
    files: int
    matched: int
    clear: int
    not_checked: int
    not_checked_reasons: dict[str, int]
    members: int
    folders: int
    links: int
    silenced: int = 0
    bytes: int
    seconds: float
    distance: int
    banks: tuple[BankUsed, ...]


class Tally:
    """Adds files up while a scan is running."""

    def __init__(self) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self.reasons: Counter[str] = Counter()
        self.members = 0
        self.silenced = 0
        self.bytes = 0

    def add(self, file: ScannedFile) -> None:
        """Count one file."""
        self.verdicts[file.verdict] += 1
        self.members += file.members
        self.silenced += len(file.silenced)
        self.bytes += file.size
        if file.verdict is Verdict.NOT_CHECKED:
            self.reasons[file.gaps[0].reason.value] += 1

    @property
    def files(self) -> int:
        """Files so far."""
        return self.verdicts.total()


def scanned_file(
    path: str,
    *,
    size: int = 0,
    contents: tuple[Content, ...] = (),
    matches: tuple[Match, ...] = (),
    silenced: tuple[Silenced, ...] = (),
    obstacles: Iterable[Gap] = (),
) -> ScannedFile:
    """Put together what is known of one file and conclude its verdict.

    Args:
        path: as the system gave it, with lone surrogates for bytes that are not UTF-8.
        contents: the file itself first, then what was inside it.
        obstacles: gaps of the file as a whole that its contents do not state.
    """
    gaps = [
        PlacedGap(reason=gap.reason, detail=gap.detail, part=gap.part, path=_all_sound(content))
        for content in contents
        for gap in content.gaps
    ]
    gaps += [PlacedGap(reason=gap.reason, detail=gap.detail, part=gap.part) for gap in obstacles]
    return ScannedFile(
        path=sound(path),
        path_bytes=None if sound(path) == path else os.fsencode(path).hex(),
        verdict=Verdict.MATCH if matches else Verdict.NOT_CHECKED if gaps else Verdict.CLEAR,
        size=size,
        media_type=contents[0].media_type if contents else "",
        members=max(0, len(contents) - 1),
        matches=tuple(_sound_path(match) for match in matches),
        gaps=tuple(gaps),
        silenced=tuple(
            msgspec.structs.replace(one, match=_sound_path(one.match)) for one in silenced
        ),
    )


def sound(text: str) -> str:
    r"""The text without lone surrogates: bytes that are not UTF-8 become `\xff`.

    An escaped name may equal another file's real name; `path_bytes` tells them apart.
    """
    if text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # It holds a surrogate that stands for no byte of a name.
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def _all_sound(content: Content) -> tuple[str, ...]:
    return tuple(map(sound, content.path))


def _sound_path(match: Match) -> Match:
    path = tuple(map(sound, match.path))
    return match if path == match.path else msgspec.structs.replace(match, path=path)
