"""Each wall is proved by a process that locks itself down and then runs into it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tutela.detection.media.sandbox import lockdown
from tutela.detection.media.sandbox.lockdown import lock_down

EVERY_WALL = (
    "own network",
    "not root",
    "no capabilities",
    "bounded memory",
    "few descriptors",
    "no file writing",
    "no new processes",
    "no core dumps",
    "no new privileges",
    "not traceable",
    "dies with its parent",
    "filtered system calls",
)
HELD_BACK = 23
"""How a probe ends that got a PermissionError or MemoryError, as it should."""


def probe(code: str, *, without: str = "") -> int:
    """Runs `code` behind all walls but those named; gives the exit code.

    Modules are imported before, since files cannot be opened behind the walls.
    """
    program = f"""
        import ctypes, mmap, os, resource, signal, socket, subprocess, sys, threading, time
        from tutela.detection.media.sandbox import lockdown
        from tutela.detection.media.sandbox.watch import Watch
        left_out = {without.split("|")!r}
        every = lockdown._walls
        lockdown._walls = lambda *a: tuple(w for w in every(*a) if w[0] not in left_out)
        file = os.open(sys.executable, os.O_RDONLY)
        watch = Watch(0.2, deadly=True)
        outside, inside = socket.socketpair()
        os.dup2(inside.fileno(), 0)
        lockdown.lock_down(memory_bytes=200 * 2**20, parent=os.getppid(), channel=0)
        try:
            {textwrap.indent(textwrap.dedent(code), " " * 12).strip()}
        except (PermissionError, MemoryError, BlockingIOError):
            os._exit({HELD_BACK})
        except OSError as error:
            os._exit(100 + error.errno)
        os._exit(0)
    """
    result = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(program)],
        env={"OPENBLAS_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert not result.stderr or result.returncode < 0, result.stderr.decode()
    return result.returncode


def test_the_probe_itself_works() -> None:
    assert probe("pass") == 0
    assert probe("os.pread(file, 10, 0)") == 0
    assert probe("bytearray(50 * 2**20)") == 0


@pytest.mark.parametrize(
    "deed",
    [
        "socket.socket()",
        "socket.socketpair()",
        "open('/tmp/x', 'w')",
        "open('/etc/passwd')",
        "os.listdir('/')",
        "os.mkdir('/tmp/x')",
        "os.unlink('/tmp/x')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "subprocess.run(['/bin/true'])",
        "os.kill(os.getppid(), 9)",
        "os.kill(os.getpid(), 9)",
        "os.write(file, b'x')",
        "os.write(1, b'x')",
        "os.memfd_create('x')",
        "os.setuid(0)",
        "os.chroot('/')",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
        "mmap.mmap(file, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)",
        "outside.send(b'x')",
        "os.pidfd_open(os.getppid())",
        "os.dup(0)",
    ],
)
def test_the_filter_holds_each_deed_back(deed: str) -> None:
    assert probe(deed) == HELD_BACK


def test_limits_cannot_be_raised() -> None:
    code = """
        try:
            resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        except ValueError:
            os._exit(42)
    """
    assert probe(code) == 42
    assert probe(code, without="filtered system calls") == 42


def test_no_thread_can_begin() -> None:
    code = """
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            os._exit(42)
    """
    assert probe(code) == 42


# The walls behind the filter hold without it.


def test_four_gigabytes_are_too_much() -> None:
    assert probe("bytearray(4 * 2**30)") == HELD_BACK
    assert probe("bytearray(250 * 2**20)") == HELD_BACK
    assert probe("bytearray(250 * 2**20)", without="bounded memory") == 0


def test_memory_in_small_pieces_is_bounded_too() -> None:
    assert probe("a = [bytes([n % 256]) * 2**20 for n in range(4000)]") == HELD_BACK


def test_no_process_can_begin_without_the_filter() -> None:
    assert probe("os.fork()", without="filtered system calls") == HELD_BACK


def test_files_cannot_be_written_without_the_filter() -> None:
    """EFBIG: the file may be opened in a folder that anybody may write to, but stays empty."""
    code = """
        out = os.open('/tmp', os.O_TMPFILE | os.O_RDWR)
        os.write(out, b'x')
    """
    assert probe(code, without="filtered system calls") == 127


def test_few_descriptors_without_the_filter() -> None:
    """EMFILE."""
    code = "a = [os.dup(file) for _ in range(64)]"
    assert probe(code, without="filtered system calls") == 124


def test_the_network_is_another_without_the_filter() -> None:
    """ENETUNREACH, even for this machine itself."""
    code = "socket.socket().connect(('127.0.0.1', 1))"
    assert probe(code, without="filtered system calls") == 201


def test_root_is_gone_without_the_filter() -> None:
    if os.geteuid() == 0:
        code = "os._exit(os.getuid() + os.geteuid() != 2 * 65534)"
        assert probe(code, without="filtered system calls") == 0
    code = "os.setuid(0)"
    assert probe(code, without="filtered system calls") in {HELD_BACK, 122}
    code = "os.execv('/bin/true', ['true'])"
    assert probe(code, without="filtered system calls|no new processes") == 0


def test_capabilities_are_gone_without_the_filter() -> None:
    code = """
        status = open('/proc/self/status').read()
        assert 'CapEff:\\t0000000000000000' in status, status
        assert 'CapPrm:\\t0000000000000000' in status, status
        assert 'NoNewPrivs:\\t1' in status, status
    """
    assert probe(code, without="filtered system calls|not traceable") == 0


def test_an_endless_loop_is_ended() -> None:
    code = """
        watch.restart()
        while True:
            pass
    """
    assert probe(code) == -signal.SIGPROF


def test_an_endless_loop_in_machine_code_is_ended() -> None:
    code = """
        watch.restart()
        b'a' * 1000000 in bytes(5 * 10**7).replace(b'', b'') and None
        max(iter(int, 1))
    """
    assert probe(code) == -signal.SIGPROF


def test_a_stopped_watch_ends_nothing() -> None:
    code = """
        watch.restart()
        watch.stop()
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass
    """
    assert probe(code) == 0


def test_abort_still_works() -> None:
    """Libraries that give up must be seen to do so."""
    assert probe("os.abort()") == -signal.SIGABRT


BUSY_CHILD = """
import os, time
from tutela.detection.media.sandbox import lock_down
lock_down(memory_bytes=2**28, parent=os.getppid(), channel=0)
while True: pass
"""
ITS_PARENT = f"""
import subprocess, sys, time
process = subprocess.Popen([sys.executable, "-I", "-c", {BUSY_CHILD!r}])
print(process.pid, flush=True)
time.sleep(60)
"""


def test_it_dies_with_its_parent() -> None:
    """A child that is busy, and reads nothing, is gone when its parent is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", ITS_PARENT], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        status = Path(f"/proc/{int(process.stdout.readline())}/status")
        while "Seccomp:\t2" not in status.read_text():
            time.sleep(0.02)
        process.kill()
    for _ in range(500):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.02)
    pytest.fail("it outlived its parent")


def test_an_orphan_does_not_even_begin() -> None:
    code = "from tutela.detection.media.sandbox import lock_down\n"
    code += "lock_down(memory_bytes=2**28, parent=-1, channel=0)\nimport time; time.sleep(60)"
    done = subprocess.run([sys.executable, "-I", "-c", code], check=False, timeout=60)
    assert done.returncode == 1


@pytest.mark.parametrize("become", ["", "os.setresgid(9, 9, 9); os.setresuid(9, 9, 9)"])
def test_nothing_is_missing_here(become: str) -> None:
    """Neither for root nor for anybody else."""
    code = f"""
        import os
        from tutela.detection.media.sandbox import lock_down
        {become if os.geteuid() == 0 else ""}
        walls = lock_down(memory_bytes=2**30, parent=os.getppid(), channel=0)
        os._exit(42 if walls.protections == {EVERY_WALL} and not walls.missing else 1)
    """
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(code)],
        env={"OPENBLAS_NUM_THREADS": "1"},
        check=False,
        timeout=60,
    )
    assert done.returncode == 42


def test_a_wall_that_is_not_given_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise PermissionError(1, "Operation not permitted")

    walls = (("high wall", refused), ("low wall", lambda: None))
    monkeypatch.setattr(lockdown, "_walls", lambda *_: walls)
    result = lock_down(memory_bytes=1, parent=1, channel=0)
    assert result.protections == ("low wall",)
    assert result.missing == ("high wall (Operation not permitted)",)
