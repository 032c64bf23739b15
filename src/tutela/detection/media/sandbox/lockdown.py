"""Locks the process that calls it down, for good, before it sees a hostile byte.

Each wall stands by itself: a kernel or a container that does not give one is reported and does
not weaken the others. Linux gives all of them; elsewhere only the resource limits are left.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tutela.detection.media.sandbox.syscalls import program
from tutela.model.record import Record

_DESCRIPTORS = 16
_NOBODY = 65534

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWUSER, _CLONE_NEWIPC, _CLONE_NEWNET = 0x10000000, 0x08000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER, _SECCOMP_ALL_THREADS = 1, 1


class Walls(Record, frozen=True, kw_only=True):
    """What stands around a process.

    Attributes:
        protections: walls in force, in words.
        missing: walls that this system did not give, each with the reason.
    """

    protections: tuple[str, ...]
    missing: tuple[str, ...]


def lock_down(*, memory_bytes: int, parent: int, channel: int) -> Walls:
    """Takes everything away that decoding does not need. There is no way back.

    Call it in a process with one thread, after everything is imported, loaded and compiled.

    Args:
        memory_bytes: address space that may be used beyond what is used now.
        parent: process id that this process must not outlive.
        channel: descriptor of the one socket that stays usable.
    """
    standing: list[str] = []
    missing: list[str] = []
    for name, wall in _walls(memory_bytes, parent, channel):
        try:
            wall()
        except OSError as error:
            missing.append(f"{name} ({error.strerror or error})")
        else:
            standing.append(name)
    return Walls(protections=tuple(standing), missing=tuple(missing))


def _walls(
    memory_bytes: int, parent: int, channel: int
) -> tuple[tuple[str, Callable[[], None]], ...]:
    """In the order that works: namespaces need privileges, and the filter refuses all the rest."""
    return (
        ("own network", _own_network),
        ("not root", _not_root),
        ("no capabilities", _no_capabilities),
        ("bounded memory", lambda: _bounded_memory(memory_bytes)),
        ("few descriptors", lambda: _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)),
        ("no file writing", lambda: _limit(resource.RLIMIT_FSIZE, 0)),
        ("no new processes", lambda: _limit(resource.RLIMIT_NPROC, 0)),
        ("no core dumps", lambda: _limit(resource.RLIMIT_CORE, 0)),
        ("no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("not traceable", lambda: _prctl(_PR_SET_DUMPABLE, 0)),
        # After the change of user, which would undo it.
        ("dies with its parent", lambda: _die_with(parent)),
        ("filtered system calls", lambda: _filter_calls(channel)),
    )


def _limit(what: int, most: int) -> None:
    try:
        resource.setrlimit(what, (most, most))
    except ValueError as error:  # Python's word for a limit that is not allowed
        raise OSError(str(error)) from error


def _bounded_memory(memory_bytes: int) -> None:
    _require_linux()
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)


def _not_root() -> None:
    if os.geteuid() != 0:
        return
    _require_linux()
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _own_network() -> None:
    """A network namespace without any interface.

    Who lacks the privilege needs a user namespace for it. Root's own number must be given up
    before: in there it could not be seen any more, and would still count outside.
    """
    namespaces = _CLONE_NEWNET | _CLONE_NEWIPC
    try:
        _call("unshare", namespaces)
    except PermissionError:
        _not_root()
        _call("unshare", namespaces | _CLONE_NEWUSER)


def _no_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _die_with(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It went before this could be asked for.
        os._exit(1)


def _filter_calls(channel: int) -> None:
    _require_linux()
    machine = platform.machine()
    filter_ = program(machine, channel=channel, process=os.getpid())
    if filter_ is None:
        raise OSError(f"not known for {machine}")
    code = ctypes.create_string_buffer(filter_, len(filter_))
    header = _Program(len(filter_) // 8, ctypes.cast(code, ctypes.c_void_p))
    _call(
        "syscall",
        _SECCOMP_CALL[machine],
        _SECCOMP_SET_MODE_FILTER,
        _SECCOMP_ALL_THREADS,
        ctypes.byref(header),
    )


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _prctl(option: int, value: int) -> None:
    _call("prctl", option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3)


def _call(name: str, *arguments: object) -> None:
    """A function of the C library that gives 0.

    Raises:
        OSError: it gave something else, or this is not Linux.
    """
    _require_linux()
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _require_linux() -> None:
    if sys.platform != "linux":
        raise OSError("only on Linux")
