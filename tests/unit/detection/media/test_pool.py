"""The pool with real children: what it answers, how it begins and how it ends."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool
from tutela.errors import InvalidInput, Unavailable
from tutela.model import Content, GapReason

if TYPE_CHECKING:
    from tests.unit.detection.media.conftest import OwnPool

Examine = Callable[..., list[Content]]
Contents = tuple[Content, ...]

OwnPools = Callable[..., AbstractContextManager["OwnPool"]]

PATIENCE = 120.0


def reasons(content: Content) -> list[GapReason]:
    return [gap.reason for gap in content.gaps]


def kinds(content: Content) -> set[str]:
    return {signal.kind for signal in content.signals}


def result(future: Future[Contents]) -> Contents:
    return future.result(PATIENCE)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def sha256(content: Content) -> str:
    (value,) = (s.value for s in content.signals if s.kind == "sha256")
    return value


# What it answers.


def test_a_child_answers_as_this_process_would(
    pool: DecoderPool, photo: bytes, examine: Examine, fixtures: Path
) -> None:
    heic = (fixtures / "landscape.heic").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hills.jpg", photo)
        archive.writestr("words.txt", "words")
    for data in (photo, heic, packed.getvalue(), b"words", b"", photo[:1000]):
        assert list(result(pool.submit(data))) == examine(data)


def test_every_form_of_bytes(pool: DecoderPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(photo)
    with (tmp_path / "file").open("rb") as file:
        from_file = pool.submit(file.fileno())
    answers = [
        result(from_file),  # the file is closed by now
        result(pool.submit(photo)),
        result(pool.submit(bytearray(photo))),
        result(pool.submit(memoryview(photo))),
        result(pool.submit(photo, size_hint=5)),
    ]
    assert all(answer == answers[0] for answer in answers)


def test_one_descriptor_for_many_jobs(pool: DecoderPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(photo)
    with (tmp_path / "file").open("rb") as file:
        file.seek(1000)
        futures = [pool.submit(file.fileno()) for _ in range(20)]
        assert len({result(future) for future in futures}) == 1
        assert file.tell() == 1000


def test_what_cannot_be_read(pool: DecoderPool, tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    reader, writer = os.pipe()
    for fd in (folder, reader):
        (content,) = result(pool.submit(fd))
        assert reasons(content) == [GapReason.UNREADABLE]
    for fd in (folder, reader, writer):
        os.close(fd)


@pytest.mark.parametrize("fd", [-1, 10**6, 2**40])
def test_a_descriptor_that_is_not_open(pool: DecoderPool, fd: int) -> None:
    with pytest.raises(InvalidInput):
        pool.submit(fd)


def test_many_threads_at_once(pool: DecoderPool) -> None:
    wrong = []

    def work(number: int) -> None:
        for turn in range(50):
            data = f"{number} {turn}".encode()
            (content,) = result(pool.submit(data))
            if sha256(content) != hashlib.sha256(data).hexdigest():
                wrong.append(data)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_dihedral_variants(photo: bytes) -> None:
    with DecoderPool(children=1, limits=Limits(), dihedral=True) as pool:
        (content,) = result(pool.submit(photo))
    assert len([signal for signal in content.signals if signal.kind == "pdq"]) == 8


def test_all_walls_stand(pool: DecoderPool) -> None:
    assert len(pool.protections) == 12
    assert pool.missing_protections == ()


# Beginning and end.


def test_children_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with DecoderPool(children=2, limits=Limits()) as pool:
        early = pool.submit(b"words")
        with pytest.raises(Unavailable, match="no decoder can be started: ended with code 1"):
            pool.wait_ready(PATIENCE)
        with pytest.raises(Unavailable, match="no decoder can be started"):
            result(early)
        with pytest.raises(Unavailable, match="no decoder can be started"):
            pool.submit(b"words")
        monkeypatch.setattr(sys, "executable", python)
        until(lambda: pool.protections)  # it heals itself
        assert result(pool.submit(b"words"))[0].size == 5


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with (
        DecoderPool(children=1, limits=Limits()) as pool,
        pytest.raises(Unavailable, match="No such file"),
    ):
        pool.wait_ready(PATIENCE)


def test_too_many_jobs() -> None:
    with DecoderPool(children=1, limits=Limits(), waiting=3) as pool:
        for _ in range(3):
            pool.submit(b"words")
        with pytest.raises(Unavailable, match="3 files wait"):
            pool.submit(b"words")
        pool.wait_ready(PATIENCE)


def test_a_cancelled_job(pool: DecoderPool, photo: bytes) -> None:
    futures = [pool.submit(photo) for _ in range(20)]
    assert futures[-1].cancel()
    for future in futures[:-1]:
        result(future)


def test_closing_cancels_what_waits(photo: bytes) -> None:
    pool = DecoderPool(children=1, limits=Limits())
    futures = [pool.submit(photo) for _ in range(100)]
    result(futures[0])
    pool.close()
    assert all(future.done() for future in futures)
    assert futures[-1].cancelled()
    with pytest.raises(Unavailable, match="closed"):
        pool.submit(photo)
    pool.close()


LEFTOVERS = """
import os, signal, sys, threading
from pathlib import Path
from tutela.detection.media.limits import Limits
from tutela.detection.media.pool import DecoderPool

def everything():
    children = [(folder / "children").read_text() for folder in Path("/proc/self/task").iterdir()]
    return "".join(children), threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

photo = Path(sys.argv[1]).read_bytes()
before = everything()
with DecoderPool(children=2, limits=Limits(jobs_per_child=20)) as pool:
    with open(sys.argv[1], "rb") as file:
        futures = [pool.submit(file.fileno()) for _ in range(30)]
        futures += [pool.submit(photo) for _ in range(30)]
    futures[0].result()
    os.kill(pool.child_ids[0], signal.SIGKILL)
    for future in futures[:50]:
        future.result()
print(before == everything(), before)
"""


def test_nothing_is_left_behind(photo: bytes, tmp_path: Path) -> None:
    """No process, living or dead, no thread and no descriptor."""
    (tmp_path / "file").write_bytes(photo)
    done = subprocess.run(
        [sys.executable, "-c", LEFTOVERS, tmp_path / "file"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.startswith("True ('', 1, ")


def parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def alive(child: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{child}/status").read_text()
    except OSError:
        return False


def test_a_program_can_end_without_closing() -> None:
    code = """
        from tutela.detection.media.limits import Limits
        from tutela.detection.media.pool import DecoderPool
        pool = DecoderPool(children=1, limits=Limits())
        print(pool.submit(b"words").result()[0].size)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ("5\n", "")


def test_large_files_are_not_held_in_memory(pool: DecoderPool, tmp_path: Path) -> None:
    """200 MB by descriptor: neither here nor in the child."""
    path = tmp_path / "large"
    with path.open("wb+") as file:
        file.write(b"\x00\x01\x02")
        file.truncate(200_000_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        (content,) = result(pool.submit(file.fileno()))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        file.seek(0)
        assert sha256(content) == hashlib.file_digest(file, "sha256").hexdigest()
    assert content.size == 200_000_000
    assert after - before < 20_000  # kilobytes
