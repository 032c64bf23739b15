from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from tutela.detection.index.certificate import IndexDefect
from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.disk.manifest import Manifest
from tutela.detection.index.disk.segment import IndexForeign, IndexRefused
from tutela.detection.index.exact import SortedPart
from tutela.detection.index.hamming import ScanPart, TablePart
from tutela.detection.index.matcher import Matcher
from tutela.detection.index.shapes import Found, Question, Rows

from .conftest import Write, near_all


def mapped(folder: IndexFolder, manifest: Manifest, like: Matcher) -> Matcher:
    """A matcher over the files of a folder."""
    fresh = like.fresh(folder.map(manifest), manifest.bank_ids)
    fresh.set_banks(like.banks.values())
    return fresh


def some_codes(matcher: Matcher) -> np.ndarray:
    (part,) = matcher.snapshots()["pdq"].sealed or (None,)
    rng = np.random.default_rng(1)
    assert part is None
    codes: np.ndarray = rng.integers(256, size=(3000, 32), dtype=np.uint8)
    return codes


def test_what_is_mapped_answers_as_what_was_written(
    written: tuple[IndexFolder, Manifest], matcher: Matcher
) -> None:
    folder, manifest = written
    other = mapped(folder, manifest, matcher)
    codes = some_codes(matcher)
    near = codes.copy()
    near[:, 0] ^= 7
    for asked in (codes[:400], near[:400]):
        assert near_all(other, asked) == near_all(matcher, asked) != []
    other.set_enabled([7, 8], True)
    matcher.set_enabled([7, 8], True)
    assert near_all(other, codes[:20]) == near_all(matcher, codes[:20])
    assert other.sizes() == matcher.sizes()
    assert (other.unfiled, matcher.unfiled) == (0, 3000)


def test_mapping_again_gives_the_groups_of_the_file(
    written: tuple[IndexFolder, Manifest], matcher: Matcher
) -> None:
    folder, manifest = written
    first = mapped(folder, manifest, matcher)
    first.remove(range(3000))
    second = mapped(folder, manifest, matcher)
    codes = some_codes(matcher)[:50]
    assert near_all(first, codes) == []
    assert near_all(second, codes) == near_all(matcher, codes)


def test_only_files_that_are_listed_stay(
    written: tuple[IndexFolder, Manifest], matcher: Matcher, write: Write
) -> None:
    folder, old = written
    held = mapped(folder, old, matcher)
    (folder.path / "pdq-1.segment.unfinished").write_bytes(b"half")
    (folder.path / "note.txt").write_text("kept")
    new = write(folder, matcher, published=2)
    names = {path.name for path in folder.path.iterdir()}
    listed = {segment.file for segment in new.segments}
    assert names == listed | {"manifest.json", "keeper.lock", "note.txt"}
    codes = some_codes(matcher)[:50]
    assert near_all(held, codes) == near_all(
        matcher, codes
    )  # its files are gone, its pages are not
    with pytest.raises(IndexRefused, match="cannot be mapped"):
        IndexFolder(folder.path, matcher.part_classes).map(old)


def test_files_of_another_way_to_search_are_foreign(
    written: tuple[IndexFolder, Manifest],
) -> None:
    folder, manifest = written

    class Later(TablePart):
        layout = TablePart.layout + 1

    for classes in ({}, {"tables": Later, "directory": SortedPart}):
        with pytest.raises(IndexForeign, match="does not know"):
            IndexFolder(folder.path, classes).map(manifest)


def test_a_part_that_does_not_find_its_own_entries_is_not_used(
    written: tuple[IndexFolder, Manifest],
) -> None:
    folder, manifest = written

    class Blind(TablePart):
        def search(self, question: Question, rows: Rows | None = None) -> Found:
            return super().search(question._replace(reach=question.reach[:0]), rows)

    classes = {"tables": Blind, "directory": SortedPart, "scan": ScanPart}
    with pytest.raises(IndexDefect):
        IndexFolder(folder.path, classes).map(manifest)


KEEP = """
    import sys, time
    from pathlib import Path
    from tutela.detection.index.disk.folder import IndexFolder
    folder = IndexFolder(Path(sys.argv[1]), {})
    folder.open()
    print(folder.keep(), flush=True)
    time.sleep(600)
"""


def test_one_process_keeps_and_its_death_lets_another(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KEEP), str(tmp_path / "index")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        assert first.stdout.readline() == "True\n"
        folder = IndexFolder(tmp_path / "index", {})
        assert not folder.keep()
        first.kill()
        first.wait()
        assert folder.keep()
        assert folder.keep()
    other = IndexFolder(tmp_path / "index", {})
    assert not other.keep()
    folder.leave()
    assert other.keep()
    other.leave()


DIES = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    import numpy as np
    from conftest import write_whole
    from tutela.detection.index.disk.folder import IndexFolder
    from tutela.detection.index.matcher import BankState, Matcher
    from tutela.detection.signals.registry import builtin_kinds

    matcher = Matcher(builtin_kinds())
    matcher.set_banks([BankState(id=5, name="hills")])
    for kind, size in (("pdq", 32), ("md5", 16)):
        codes = np.full((40, size), 1, np.uint8)
        matcher.add(kind, codes, np.arange(40), np.full(40, 5))
    matcher.version = 99
    for kind, snapshot in matcher.snapshots().items():
        matcher.compact(kind, snapshot, whole=True)  # loads the kernels once for all children
    left = 0

    def dying(function):
        def call(*args, **kwargs):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return call

    for line in sys.stdin:
        left = int(line)
        child = os.fork()
        if not child:
            for name in ("open", "fsync", "rename", "replace", "unlink"):
                setattr(os, name, dying(getattr(os, name)))
            folder = IndexFolder(Path(sys.argv[1]), matcher.part_classes)
            write_whole(folder, matcher, published=2)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_process_that_is_killed_while_it_publishes_leaves_the_old_index_or_the_new(
    written: tuple[IndexFolder, Manifest], matcher: Matcher, write: Write
) -> None:
    """At every system call that changes a file, one process dies; the next one finds an index."""
    folder, _ = written
    folder.leave()
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", textwrap.dedent(DIES), str(folder.path), here]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    seen: list[tuple[int, int]] = []
    with subprocess.Popen(command, **pipes, text=True) as process:  # type: ignore[call-overload]
        while not seen or seen[-1][0] != 0:
            process.stdin.write(f"{len(seen)}\n")
            process.stdin.flush()
            ended = int(process.stdout.readline())
            manifest = manifests.read(folder.path)
            assert manifest
            found = IndexFolder(folder.path, matcher.part_classes).map(manifest)
            rows = {1: 3000, 2: 40}[manifest.published]
            assert sum(len(own.part.sorted) for own in found["pdq"]) == rows
            seen.append((ended, manifest.published))
            assert len(seen) < 100
        process.stdin.close()
    killed = [number for ended, number in seen if ended == -9]
    assert len(killed) == len(seen) - 1 >= 12
    assert killed == sorted(killed)
    assert {1, 2} == set(killed)
    again = IndexFolder(folder.path, matcher.part_classes)
    new = write(again, matcher, published=3)
    kept = {path.name for path in folder.path.iterdir()}
    assert kept == {s.file for s in new.segments} | {"manifest.json", "keeper.lock"}


def test_two_processes_map_the_same_pages(
    written: tuple[IndexFolder, Manifest], matcher: Matcher
) -> None:
    """What `/proc` calls shared and clean is there once for all processes."""
    folder, manifest = written
    code = """
        import sys
        from pathlib import Path
        from tutela.detection.index.disk import manifest as manifests
        from tutela.detection.index.disk.folder import IndexFolder
        from tutela.detection.index.matcher import Matcher
        from tutela.detection.signals.registry import builtin_kinds
        matcher = Matcher(builtin_kinds())
        folder = IndexFolder(Path(sys.argv[1]), matcher.part_classes)
        parts = folder.map(manifests.read(folder.path))
        print("mapped", flush=True)
        sys.stdin.read()
    """
    own = mapped(folder, manifest, matcher)
    command = [sys.executable, "-c", textwrap.dedent(code), str(folder.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == "mapped\n"
        facts = [_mapped_memory(pid, folder.path) for pid in ("self", str(other.pid))]
        other.stdin.close()
    inodes = {(folder.path / s.file).stat().st_ino for s in manifest.segments}
    for seen, shared, private in facts:
        assert seen == inodes
        assert shared > 20 * private
    assert own.sizes()["pdq"] == 3000


def _mapped_memory(pid: str, folder: Path) -> tuple[set[int], int, int]:
    """Inodes of mapped segments, and kilobytes of them that are shared and private."""
    inodes, shared, private, ours = set(), 0, 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            ours = f" {folder}/" in line
            if ours:
                inodes.add(int(fields[4]))
        elif ours and fields[0] in ("Shared_Clean:", "Shared_Dirty:"):
            shared += int(fields[1])
        elif ours and fields[0] in ("Private_Clean:", "Private_Dirty:"):
            private += int(fields[1])
    return inodes, shared, private
