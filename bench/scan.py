"""Photographs per second of `tutela scan`, against the same work done with `threatexchange`.

    python bench/scan.py [--entries N] [--photographs N] [--work FOLDER] [--json]

Both compute MD5, SHA-1, SHA-256 and PDQ of each file and look for entries within 31 bits among
the same signals, on all cores, in one run. Reading the bank and building the index come before and
are told apart. `threatexchange` (PdqSignal, PDQIndex) is a library without a command, so what it
needs around it is here: one process per core, forked after the index was built.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from bank import bank_file, photograph_folder
from machine import Machine, describe
from tutela.model.record import Record

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
FOUND = 1


class Side(Record, frozen=True, kw_only=True):
    """What one of the two needed.

    Attributes:
        load_seconds: from start to the first photograph: reading the bank, building the index.
        seconds: for all photographs.
        found: photographs that matched.
    """

    load_seconds: float
    seconds: float
    photographs_per_second: float
    found: int


class Result(Record, frozen=True, kw_only=True):
    """What was measured; `ratio` is ours over theirs, in photographs per second."""

    machine: Machine
    entries: int
    photographs: int
    tutela: Side
    threatexchange: Side
    ratio: float


def ours(bank: Path, folder: Path) -> Side:
    """Scan the folder with the program."""
    command = [*PROGRAM, "scan", str(folder), "--bank", str(bank), "--json"]
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    wall = time.monotonic() - started
    if done.returncode != FOUND:
        raise SystemExit(f"tutela scan ended with {done.returncode}")
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Side(
        load_seconds=round(wall - summary["seconds"], 2),
        seconds=round(summary["seconds"], 2),
        photographs_per_second=round(summary["files"] / summary["seconds"], 1),
        found=summary["matched"],
    )


class Theirs:
    """The library, with exact maps beside it."""

    def __init__(self, bank: Path) -> None:
        # Before the import: one process per core is quicker than threads within each search.
        os.environ["OMP_NUM_THREADS"] = "1"
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415
        from threatexchange.signal_type.pdq.signal import PdqSignal  # noqa: PLC0415

        self._signal = PdqSignal
        with bank.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self._exact = {row["value"] for row in rows if row["type"] != "pdq"}
        self._index = PDQIndex(
            (row["value"], number) for number, row in enumerate(rows) if row["type"] == "pdq"
        )

    def matches(self, path: Path) -> bool:
        """Whether a photograph is in the bank."""
        data = path.read_bytes()
        digests = [
            hashlib.new(name, data, usedforsecurity=False).hexdigest()
            for name in ("md5", "sha1", "sha256")
        ]
        near = self._index.query(self._signal.hash_from_bytes(data))
        return bool(near) or not self._exact.isdisjoint(digests)


def theirs(bank: Path, folder: Path, cores: int) -> Side:
    """Do the same with the library, in as many processes as there are cores."""
    started = time.monotonic()
    library = Theirs(bank)
    loaded = time.monotonic()
    files = sorted(folder.iterdir())
    shares = [files[share::cores] for share in range(cores)]
    fork = multiprocessing.get_context("fork")
    counts = fork.SimpleQueue()

    def work(share: list[Path]) -> None:
        counts.put(sum(library.matches(path) for path in share))

    processes = [fork.Process(target=work, args=(share,)) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("threatexchange failed; see above")
    seconds = time.monotonic() - loaded
    return Side(
        load_seconds=round(loaded - started, 2),
        seconds=round(seconds, 2),
        photographs_per_second=round(len(files) / seconds, 1),
        found=sum(counts.get() for _ in processes),
    )


def measure(work: Path, entries: int, photographs: int) -> Result:
    """Run both on the same files."""
    machine = describe()
    bank, folder = bank_file(work, entries), photograph_folder(work, photographs)
    # Once beforehand: kernels are compiled, and the files are in memory for both.
    ours(bank, folder)
    left, right = ours(bank, folder), theirs(bank, folder, machine.cores)
    return Result(
        machine=machine,
        entries=entries,
        photographs=photographs,
        tutela=left,
        threatexchange=right,
        ratio=round(left.photographs_per_second / right.photographs_per_second, 1),
    )


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    print(f"{result.photographs} photographs, {result.entries:,} entries, distance 31\n")
    print(f"{'':16}{'photographs/s':>16}{'found':>8}{'load, s':>10}")
    for name in ("tutela", "threatexchange"):
        side: Side = getattr(result, name)
        print(
            f"{name:16}{side.photographs_per_second:16.1f}{side.found:8}{side.load_seconds:10.1f}"
        )
    print(f"\n{result.ratio:.1f} times as many")


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--photographs", type=int, default=600)
    parser.add_argument("--work", type=Path, help="folder that keeps bank and photographs")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as scratch:
        work: Path = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        result = measure(work, options.entries, options.photographs)
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
