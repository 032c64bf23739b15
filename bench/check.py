"""Requests per second of the server: look-ups, checks of ready-made signals, checks of photographs.

    python bench/check.py [--entries N] [--seconds N] [--workers N] [--work FOLDER] [--json]

Starts `tutela serve` on a fresh data folder, imports a bank, and lets `wrk` ask (Debian: apt-get
install wrk). One request in a hundred is about a signal of the bank. Every check is a new event and
is on disk before its answer leaves.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from PIL import Image

from bank import bank_file
from machine import Machine, describe
from tutela.drill import photographs
from tutela.model.record import Record

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
SCRIPTS = Path(__file__).parent / "wrk"
START_SECONDS = 600
KNOWN = 1000
PHOTOGRAPH = "forget-me-nots"
PHOTOGRAPH_SIZE = (1600, 1004)


class Load(NamedTuple):
    """One way of asking."""

    name: str
    script: str
    connections: int
    content_type: str


LOADS = (
    Load("look-up", "lookup.lua", 32, "application/json"),
    Load("check of a signal", "signal.lua", 32, "application/json"),
    Load("check of a photograph", "photograph.lua", 16, "image/jpeg"),
)


class Figures(Record, frozen=True, kw_only=True):
    """What wrk saw.

    Attributes:
        cpu_ms: processor time of the server and its children per request: unlike the others, it
            hardly depends on what else the machine does.
        refused: answers that were not 2xx.
        failed: requests without an answer.
    """

    name: str
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    requests: int
    refused: int
    failed: int


class Result(Record, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        import_seconds: from the command to import the bank file to its end.
        start_seconds: from the start of the server until every process had built its index.
        worker_mb: memory of each server process after the load: resident set size.
        decoder_mb: likewise of each decoding child.
    """

    machine: Machine
    entries: int
    workers: int
    import_seconds: float
    start_seconds: float
    worker_mb: tuple[float, ...]
    decoder_mb: tuple[float, ...]
    figures: tuple[Figures, ...]


class Server(NamedTuple):
    """A server that answers."""

    address: str
    start_seconds: float
    process: int


def tutela(env: Mapping[str, str], *arguments: str) -> str:
    """Run a command of the program to its end; what it printed."""
    command = [*PROGRAM, *arguments]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


@contextmanager
def serving(env: Mapping[str, str], workers: int, log: Path) -> Iterator[Server]:
    """Run the server on a free port."""
    command = [*PROGRAM, "serve", "--port", "0", "--workers", str(workers)]
    started = time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=env, stdout=stream, stderr=stream)
    try:
        address = _address(process, log)
        _wait_ready(address)
        yield Server(address, time.monotonic() - started, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server tells where it answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if told := re.search(r"answers at (http://\S+)", log.read_text(errors="replace")):
            return told[1]
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _wait_ready(address: str) -> None:
    """Wait until readiness was told often enough to have met each process."""
    until, met = time.monotonic() + START_SECONDS, 0
    while met < 20:  # noqa: PLR2004 - connections are spread over the processes at random
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=10):  # noqa: S310
                met += 1
        except OSError as problem:
            if time.monotonic() > until:
                raise SystemExit(f"the server is not ready: {problem}") from None
            met = 0
            time.sleep(0.1)


def prepare(work: Path, bank: Path) -> None:
    """Write what the scripts of wrk read: known signals, and a photograph."""
    with bank.open() as file:
        known = [line.split(",")[1] for _, line in zip(range(KNOWN + 1), file, strict=False)][1:]
    (work / "known.txt").write_text("".join(known))
    data = next(p.data for p in photographs.listed() if p.name == PHOTOGRAPH)
    with Image.open(io.BytesIO(data)) as image:
        if image.size != PHOTOGRAPH_SIZE:
            raise SystemExit(f"{PHOTOGRAPH} has {image.size} pixels")
    (work / "photograph.jpg").write_bytes(data)


def ask(load: Load, server: Server, key: str, folder: Path, seconds: int, threads: int) -> Figures:
    """Let wrk ask for so many seconds."""
    before = processor_seconds(server.process)
    run = f"{load.script.partition('.')[0]}-{time.time_ns()}"
    done = subprocess.run(
        [
            *("wrk", "-t", str(threads), "-c", str(load.connections), "-d", f"{seconds}s"),
            *("--timeout", "60s", "-s", str(SCRIPTS / load.script)),
            *("-H", f"Authorization: Bearer {key}", "-H", f"Content-Type: {load.content_type}"),
            *(server.address, "--", str(folder), run),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.rpartition("RESULT ")[2])
    return Figures(
        name=load.name,
        requests_per_second=round(told["requests"] / told["seconds"], 1),
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        cpu_ms=round((processor_seconds(server.process) - before) / told["requests"] * 1e3, 3),
        requests=told["requests"],
        refused=told["refused"],
        failed=told["failed"],
    )


def memory(process: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Resident megabytes of each server process and of each decoding child of these."""
    workers = _children(process) or [process]
    decoders = [child for worker in workers for child in _children(worker)]
    return tuple(map(_resident, workers)), tuple(map(_resident, decoders))


def processor_seconds(process: int) -> float:
    """Processor time of a process, its children and their children until now."""
    children = _children(process)
    family = [process, *children, *(grand for child in children for grand in _children(child))]
    ticks = 0
    for member in family:
        # After the name, which may hold blanks: user and system time are fields 14 and 15.
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    text = "".join(task.read_text() for task in Path(f"/proc/{process}/task").glob("*/children"))
    return [int(child) for child in text.split()]


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def measure(work: Path, entries: int, workers: int, seconds: int) -> Result:
    """Import, serve and ask."""
    machine = describe()
    bank = bank_file(work, entries)
    prepare(work, bank)
    with tempfile.TemporaryDirectory(dir=work, prefix="data-") as folder:
        env = os.environ | {
            "TUTELA_DATA_FOLDER": folder,
            "TUTELA_SERVER_RATE_PER_SECOND": "0",
            "TUTELA_LOG_LEVEL": "warning",
            # The bank is no news: what a re-scan takes is measured by rescan.py.
            "TUTELA_RESCAN_AUTOMATIC": "false",
        }
        tutela(env, "banks", "create", "measured")
        begun = time.monotonic()
        tutela(env, "banks", "import", "measured", str(bank))
        imported = time.monotonic() - begun
        key = tutela(env, "keys", "create", "--role", "admin", "--name", "bench").strip()
        with serving(env, workers, work / "server.log") as server:
            for load in LOADS:
                ask(load, server, key, work, 2, machine.cores)
            figures = [ask(load, server, key, work, seconds, machine.cores) for load in LOADS]
            used = memory(server.process)
    return Result(
        machine=machine,
        entries=entries,
        workers=workers,
        import_seconds=round(imported, 1),
        start_seconds=round(server.start_seconds, 1),
        worker_mb=used[0],
        decoder_mb=used[1],
        figures=tuple(figures),
    )


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    print(f"{result.workers} server processes, {result.entries:,} entries, distance 31\n")
    print(f"{'':24}{'requests/s':>12}{'p50, ms':>10}{'p99, ms':>10}{'cpu, ms':>10}{'errors':>8}")
    for row in result.figures:
        print(
            f"{row.name:24}{row.requests_per_second:12,.1f}{row.p50_ms:10.2f}{row.p99_ms:10.2f}"
            f"{row.cpu_ms:10.3f}{row.refused + row.failed:8}"
        )
    print(f"\nimport {result.import_seconds} s, start until ready {result.start_seconds} s")
    print(f"server processes {result.worker_mb} MB, decoders {result.decoder_mb} MB")


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=10, help="length of each load")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder that keeps the bank")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as scratch:
        work: Path = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        result = measure(work, options.entries, options.workers, options.seconds)
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
