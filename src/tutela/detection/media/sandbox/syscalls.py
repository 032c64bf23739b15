"""The system calls that a locked-down child may make, as a seccomp program.

Everything that is not listed is refused with EPERM: opening files, sockets, new processes and
threads, signals to others, mounts, tracing and all else. Descriptors come through the one socket
that is left, data is read with `pread64`, and memory is anonymous and never executable.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050001  # fail with EPERM
_KILL = 0x80000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000

_PROT_EXEC = 4
_MAP_ANONYMOUS = 0x20
_AT_EMPTY_PATH = 0x1000


class Condition(Enum):
    """What must hold of a call's arguments."""

    ALWAYS = "always"
    CHANNEL = "the first argument is the descriptor of the connection to the parent"
    SELF = "the first argument is this process"
    OWN_MEMORY = "memory that is backed by no file and not executable"
    NOT_EXECUTABLE = "memory that is not executable"
    BY_DESCRIPTOR = "of an open file, not by name"


class Call(NamedTuple):
    """A system call with its numbers; None where an architecture does not have it."""

    name: str
    x86_64: int | None
    aarch64: int | None
    condition: Condition = Condition.ALWAYS


CALLS: tuple[Call, ...] = (
    Call("pread64", 17, 67),
    Call("recvmsg", 47, 212),
    Call("recvfrom", 45, 207),
    Call("sendto", 44, 206, Condition.CHANNEL),
    Call("sendmsg", 46, 211, Condition.CHANNEL),
    Call("close", 3, 57),
    Call("fstat", 5, 80),
    Call("newfstatat", 262, 79, Condition.BY_DESCRIPTOR),
    Call("setitimer", 38, 103),
    Call("brk", 12, 214),
    Call("mmap", 9, 222, Condition.OWN_MEMORY),
    Call("munmap", 11, 215),
    Call("mremap", 25, 216),
    Call("mprotect", 10, 226, Condition.NOT_EXECUTABLE),
    Call("madvise", 28, 233),
    Call("futex", 202, 98),
    Call("sched_yield", 24, 124),
    Call("sched_getaffinity", 204, 123),
    Call("clock_gettime", 228, 113),
    Call("clock_getres", 229, 114),
    Call("gettimeofday", 96, 169),
    Call("time", 201, None),
    Call("getrusage", 98, 165),
    Call("times", 100, 153),
    Call("getrandom", 318, 278),
    Call("getpid", 39, 172),
    Call("gettid", 186, 178),
    Call("rt_sigaction", 13, 134),
    Call("rt_sigprocmask", 14, 135),
    Call("rt_sigreturn", 15, 139),
    Call("sigaltstack", 131, 132),
    Call("restart_syscall", 219, 128),
    Call("tgkill", 234, 131, Condition.SELF),
    Call("exit", 60, 93),
    Call("exit_group", 231, 94),
)

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Step(NamedTuple):
    """One instruction of the classic BPF machine."""

    code: int
    yes: int
    no: int
    value: int

    def packed(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.yes, self.no, self.value)


def program(machine: str, *, channel: int, process: int) -> bytes | None:
    """The filter as an array of `struct sock_filter`.

    Args:
        machine: as `os.uname` names it.
        channel: descriptor of the connection to the parent.
        process: this process's id.

    Returns:
        The program, or None where the numbers of this machine's calls are not known.
    """
    architecture = _ARCHITECTURES.get(machine)
    if architecture is None:
        return None
    steps = [
        _Step(_LOAD, 0, 0, _ARCHITECTURE),
        _Step(_EQUAL, 1, 0, architecture),
        _Step(_RETURN, 0, 0, _KILL),
        _Step(_LOAD, 0, 0, _NUMBER),
        _Step(_AT_LEAST, 0, 1, _X32),
        _Step(_RETURN, 0, 0, _REFUSE),
    ]
    for call in CALLS:
        number = call.x86_64 if machine == "x86_64" else call.aarch64
        if number is not None:
            steps += _allowing(number, list(_checks(call.condition, channel, process)))
    steps.append(_Step(_RETURN, 0, 0, _REFUSE))
    return b"".join(step.packed() for step in steps)


def _allowing(number: int, checks: list[_Step]) -> list[_Step]:
    """Allow the call if all checks fall through; a check that fails goes to the refusal."""
    body = [*checks, _Step(_RETURN, 0, 0, _ALLOW)]
    if checks:
        body.append(_Step(_RETURN, 0, 0, _REFUSE))
    return [_Step(_EQUAL, 0, len(body), number), *_resolved(body)]


def _resolved(body: list[_Step]) -> Iterator[_Step]:
    """Jumps to `_FAIL` become jumps to the last instruction."""
    for at, step in enumerate(body):
        distance = len(body) - at - 2
        yield step._replace(
            yes=distance if step.yes == _FAIL else step.yes,
            no=distance if step.no == _FAIL else step.no,
        )


_FAIL = 255


def _checks(condition: Condition, channel: int, process: int) -> Iterator[_Step]:
    """Instructions that go on if the condition holds."""
    if condition is Condition.CHANNEL:
        yield from (_argument(0), _Step(_EQUAL, 0, _FAIL, channel))
    elif condition is Condition.SELF:
        yield from (_argument(0), _Step(_EQUAL, 0, _FAIL, process))
    elif condition is Condition.BY_DESCRIPTOR:
        yield from (_argument(3), _Step(_EQUAL, 0, _FAIL, _AT_EMPTY_PATH))
    elif condition in {Condition.OWN_MEMORY, Condition.NOT_EXECUTABLE}:
        yield from (_argument(2), _Step(_ANY_BIT, _FAIL, 0, _PROT_EXEC))
        if condition is Condition.OWN_MEMORY:
            yield from (_argument(3), _Step(_ANY_BIT, 0, _FAIL, _MAP_ANONYMOUS))


def _argument(index: int) -> _Step:
    """Load the lower half of an argument; both architectures are little-endian."""
    return _Step(_LOAD, 0, 0, _ARGUMENTS + 8 * index)
