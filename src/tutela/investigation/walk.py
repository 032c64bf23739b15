"""Walk files and folders of a disk and open what can be looked at, leaving no trace of it.

Links are never followed, not even one that replaces a folder while the walk is under way: every
name is opened relative to the folder it was read from. Access times stay as they are where the
system allows that, which is for the owner of a file and for root.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tutela.model import GapReason

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_NO_ATIME = getattr(os, "O_NOATIME", 0)

KERNEL_FILE_SYSTEMS = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("efivarfs", "fusectl", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs"),
        *("selinuxfs", "sysfs", "tracefs"),
    )
)
"""File systems whose files are windows into the kernel: endless, or changed by being read."""


class OpenFile(NamedTuple):
    """A regular file, open for reading; whoever receives it closes it.

    Attributes:
        path: as the user would write it; bytes that are not UTF-8 are lone surrogates.
        descriptor: the open file.
        status: taken when it was opened.
    """

    path: str
    descriptor: int
    status: os.stat_result


class Obstacle(NamedTuple):
    """Something that was found but cannot be looked at."""

    path: str
    reason: GapReason
    detail: str


class Regular(NamedTuple):
    """A regular file that is not open yet: a name in a folder that is."""

    path: str
    name: str
    folder: int | None


class _Folder(NamedTuple):
    descriptor: int
    path: str
    entries: Iterator[os.DirEntry[str]]


class Walk:
    """Everything below some paths, folder by folder, in the order of names.

    Args:
        paths: files and folders, as the user wrote them.
        own: files that the program itself is writing; they are passed over.

    Attributes:
        links: links that were met and not followed.
        folders: folders that were read.
    """

    def __init__(self, paths: Sequence[str], own: Collection[os.stat_result] = ()) -> None:
        self._paths = paths
        self._own = {(status.st_dev, status.st_ino) for status in own}
        self._kernel_devices = kernel_devices()
        self.links = 0
        self.folders = 0

    def __iter__(self) -> Iterator[OpenFile | Obstacle]:
        """Open each file in turn. An obstacle never ends the walk."""
        for name in self.names():
            item = name if isinstance(name, Obstacle) else _open_file(name)
            if isinstance(item, OpenFile) and self._is_own(item.status):
                os.close(item.descriptor)
            else:
                yield item

    def _is_own(self, status: os.stat_result) -> bool:
        return (status.st_dev, status.st_ino) in self._own

    def names(self) -> Iterator[Regular | Obstacle]:
        """Find each file without opening it. A name is good until the next one is asked for."""
        for path in self._paths:
            stack: list[_Folder] = []
            try:
                yield from self._argument(path, stack)
                while stack:
                    yield from self._step(stack)
            finally:
                for folder in stack:
                    os.close(folder.descriptor)

    def _argument(self, path: str, stack: list[_Folder]) -> Iterator[Regular | Obstacle]:
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            yield _unreadable(path, error)
            return
        if stat.S_ISLNK(mode):
            yield Obstacle(path, GapReason.LINK, "a link; links are not followed: name its target")
        elif stat.S_ISDIR(mode):
            yield from self._enter(path, path, None, stack)
        elif stat.S_ISREG(mode):
            yield Regular(path, path, None)
        else:
            yield _special(path)

    def _step(self, stack: list[_Folder]) -> Iterator[Regular | Obstacle]:
        """Look at the next entry of the innermost folder, or leave that folder."""
        folder = stack[-1]
        entry = next(folder.entries, None)
        if entry is None:
            os.close(stack.pop().descriptor)
            return
        path = os.path.join(folder.path, entry.name)  # noqa: PTH118 - must keep "." as written
        try:
            if entry.is_symlink():
                self.links += 1
            elif entry.is_dir(follow_symlinks=False):
                yield from self._enter(entry.name, path, folder.descriptor, stack)
            elif entry.is_file(follow_symlinks=False):
                yield Regular(path, entry.name, folder.descriptor)
            else:
                yield _special(path)
        except OSError as error:
            yield _unreadable(path, error)

    def _enter(
        self, name: str, path: str, parent: int | None, stack: list[_Folder]
    ) -> Iterator[Obstacle]:
        try:
            descriptor = _open(name, os.O_DIRECTORY, parent)
        except OSError as error:
            yield _unreadable(path, error)
            return
        kernel = self._kernel_devices.get(os.fstat(descriptor).st_dev)
        if kernel:
            os.close(descriptor)
            yield Obstacle(path, GapReason.SPECIAL_FILE, f"a file system of the kernel ({kernel})")
            return
        try:
            with os.scandir(descriptor) as found:
                entries = sorted(found, key=_name)
        except OSError as error:
            os.close(descriptor)
            yield _unreadable(path, error)
            return
        self.folders += 1
        stack.append(_Folder(descriptor, path, iter(entries)))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _open(name: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(name, _READ | _NO_ATIME | flags, dir_fd=folder)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        # Only the owner may ask for untouched access times.
        return os.open(name, _READ | flags, dir_fd=folder)


def _open_file(item: Regular) -> OpenFile | Obstacle:
    try:
        descriptor = _open(item.name, 0, item.folder)
    except OSError as error:
        return _unreadable(item.path, error)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        # It was replaced after the folder was read.
        os.close(descriptor)
        return _special(item.path)
    return OpenFile(item.path, descriptor, status)


def _unreadable(path: str, error: OSError) -> Obstacle:
    return Obstacle(path, GapReason.UNREADABLE, error.strerror or "cannot be opened")


def _special(path: str) -> Obstacle:
    return Obstacle(path, GapReason.SPECIAL_FILE, "a device, pipe or socket, not a regular file")


def kernel_devices(mounts: Iterable[str] | None = None) -> dict[int, str]:
    """Device numbers of mounted kernel file systems, with the type of each.

    Args:
        mounts: lines of a `mountinfo` file, described in proc(5); this process's own by default.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
        except OSError:
            return {}
    devices: dict[int, str] = {}
    for line in mounts:
        before, _, after = line.partition(" - ")
        kind = after.partition(" ")[0]
        if kind in KERNEL_FILE_SYSTEMS:
            major, _, minor = before.split(" ")[2].partition(":")
            devices[os.makedev(int(major), int(minor))] = kind
    return devices
