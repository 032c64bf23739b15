from __future__ import annotations

import struct

import pytest

from tutela.detection.media.sandbox.syscalls import CALLS, program

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers from Linux's own tables, of what a child must never do.
FORBIDDEN = {
    "x86_64": {
        "write": 1, "open": 2, "socket": 41, "connect": 42, "bind": 49, "clone": 56, "fork": 57,
        "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "setuid": 105, "mount": 165,
        "openat": 257, "unshare": 272, "execveat": 322, "bpf": 321, "memfd_create": 319,
        "io_uring_setup": 425, "pidfd_send_signal": 424, "clone3": 435, "openat2": 437,
        "process_vm_readv": 310, "prctl": 157, "setrlimit": 160, "prlimit64": 302, "ioctl": 16,
    },
    "aarch64": {
        "write": 64, "openat": 56, "socket": 198, "connect": 203, "bind": 200, "clone": 220,
        "execve": 221, "kill": 129, "ptrace": 117, "setuid": 146, "mount": 40, "unshare": 97,
        "execveat": 281, "bpf": 280, "memfd_create": 279, "io_uring_setup": 425, "clone3": 435,
        "openat2": 437, "process_vm_readv": 270, "prctl": 167, "prlimit64": 261, "ioctl": 29,
    },
}  # fmt: skip


def run(code: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would do with a call: a classic BPF machine for the steps in use."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", code))
    at = accumulator = 0
    while True:
        opcode, yes, no, value = steps[at]
        at += 1
        if opcode == 0x06:
            return int(value)
        if opcode == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        else:
            holds = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[opcode]
            at += yes if holds else no


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def call(machine: str, name: str, *arguments: int) -> int:
    code = program(machine, channel=0, process=77)
    assert code is not None
    (entry,) = (call for call in CALLS if call.name == name)
    number = entry.x86_64 if machine == "x86_64" else entry.aarch64
    assert number is not None
    return run(code, ARCHITECTURES[machine], number, *arguments)


def test_what_is_not_listed_is_refused(machine: str) -> None:
    code = program(machine, channel=0, process=77)
    assert code is not None
    listed = {c.x86_64 if machine == "x86_64" else c.aarch64 for c in CALLS}
    for number in range(600):
        if number not in listed:
            assert run(code, ARCHITECTURES[machine], number) == REFUSE


def test_dangerous_calls_are_refused(machine: str) -> None:
    code = program(machine, channel=0, process=77)
    assert code is not None
    for name, number in FORBIDDEN[machine].items():
        assert run(code, ARCHITECTURES[machine], number) == REFUSE, name


def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    code = program(machine, channel=0, process=77)
    assert code is not None
    assert run(code, 0x40000003, 1) == KILL


def test_the_second_set_of_numbers_of_x86_is_refused() -> None:
    code = program("x86_64", channel=0, process=77)
    assert code is not None
    assert run(code, ARCHITECTURES["x86_64"], 0x40000000 | 17) == REFUSE


def test_what_decoding_needs_is_allowed(machine: str) -> None:
    for name in ("pread64", "recvmsg", "brk", "munmap", "futex", "exit_group", "setitimer"):
        assert call(machine, name) == ALLOW


def test_only_the_channel_can_be_sent_to(machine: str) -> None:
    assert call(machine, "sendto", 0) == ALLOW
    assert call(machine, "sendto", 3) == REFUSE
    assert call(machine, "sendmsg", 3) == REFUSE


def test_only_this_process_can_be_signalled(machine: str) -> None:
    assert call(machine, "tgkill", 77) == ALLOW
    assert call(machine, "tgkill", 78) == REFUSE


def test_memory_is_backed_by_no_file_and_never_executable(machine: str) -> None:
    read, execute, private, anonymous = 1, 4, 2, 0x20
    assert call(machine, "mmap", 0, 4096, read, private | anonymous) == ALLOW
    assert call(machine, "mmap", 0, 4096, read | execute, private | anonymous) == REFUSE
    assert call(machine, "mmap", 0, 4096, read, private) == REFUSE
    assert call(machine, "mprotect", 0, 4096, read) == ALLOW
    assert call(machine, "mprotect", 0, 4096, read | execute) == REFUSE


def test_files_are_asked_about_by_descriptor_only(machine: str) -> None:
    assert call(machine, "newfstatat", 3, 0, 0, 0x1000) == ALLOW
    assert call(machine, "newfstatat", 3, 0, 0, 0) == REFUSE


def test_other_machines_have_no_program() -> None:
    assert program("riscv64", channel=0, process=77) is None
