"""What a re-scan of the past costs live look-ups, and how fast it goes.

    python bench/rescan.py [--entries N] [--events N] [--rounds N] [--work FOLDER] [--json]

Stores a past of events with four signals each, lets a bank grow, and compares it at full speed
(`tutela rescan start --here`). Then `wrk` asks a server for look-ups (Debian: apt-get install wrk),
in turns without a re-scan and with one that runs beside it at its usual share of one core.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from bank import bank_file
from check import LOADS, Figures, Server, ask, prepare, serving, tutela
from machine import Machine, describe
from tutela.model import Content, Event, NewEntry, Rescan, Signal
from tutela.model.record import Record
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.past.rescans import NewRescan, Rescans

GROWN = "grown"
TOGETHER = 5000
LOOKUPS = LOADS[0]


class Full(Record, frozen=True, kw_only=True):
    """A re-scan at full speed, by hand.

    Attributes:
        signals: kept signals that were compared.
        seconds: of the whole command, its start included.
        signals_per_second: by the times that the re-scan itself stored.
    """

    entries: int
    signals: int
    findings: int
    seconds: float
    signals_per_second: float


class Result(Record, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        without, beside: look-ups without a re-scan and beside one, round by round.
        slower_percent: look-ups/s that were lost beside a re-scan, of the medians.
        signals_per_second: of the re-scan beside the look-ups.
    """

    machine: Machine
    entries: int
    events: int
    workers: int
    share: float
    full: Full
    without: tuple[Figures, ...]
    beside: tuple[Figures, ...]
    slower_percent: float
    signals_per_second: float


def signals_of(number: int) -> tuple[Signal, ...]:
    """Four signals that nothing else has."""
    digest = hashlib.sha512(str(number).encode()).hexdigest()
    lengths = {"md5": 32, "sha1": 40, "sha256": 64}
    exact = [Signal(kind=kind, value=digest[:length]) for kind, length in lengths.items()]
    return (*exact, Signal(kind="pdq", value=digest[64:], quality=90))


def store_past(database: Database, events: int) -> None:
    """Store clear events as checks would have."""
    policy = Policy.default()
    with Journal(database) as journal:
        for start in range(0, events, TOGETHER):
            futures = []
            for number in range(start, min(start + TOGETHER, events)):
                content = Content(media_type="image/jpeg", signals=signals_of(number))
                event = Event(
                    id=f"event-{number}",
                    digest="-",
                    received_at=datetime.now(UTC),
                    contents=(content,),
                )
                conclusion = conclude(event, (), (), policy=InForce(policy), list_version=1)
                futures.append(journal.record(*conclusion))
            for future in futures:
                future.result(60)


def grow(database: Database, entries: int) -> None:
    """Add random entries, of which every thousandth is of the past."""
    rng = np.random.default_rng(7)
    codes = rng.integers(256, size=(entries, 32), dtype=np.uint8)

    def new() -> Iterator[NewEntry]:
        for number, code in enumerate(codes):
            known = signals_of(number)[3]
            value = known.value if number % 1000 == 0 else code.tobytes().hex()
            yield NewEntry(signals=(Signal(kind="pdq", value=value),))

    Banks(database).create(GROWN)
    Entries(database).add(GROWN, new())


def at_full_speed(env: dict[str, str]) -> Full:
    """Compare the grown bank by hand."""
    begun = time.monotonic()
    told = tutela(env, "rescan", "start", "--bank", GROWN, "--here", "--json")
    seconds = time.monotonic() - begun
    rescan = msgspec.json.decode(told, type=Rescan)
    return Full(
        entries=rescan.entries or 0,
        signals=rescan.tally.signals,
        findings=rescan.tally.findings,
        seconds=round(seconds, 2),
        signals_per_second=round(rescan.tally.signals / lasted(rescan)),
    )


def lasted(rescan: Rescan) -> float:
    """Seconds from the beginning of a re-scan to its end, or to now."""
    end = rescan.ended_at or datetime.now(UTC)
    return max((end - (rescan.started_at or end)).total_seconds(), 0.001)


class Background:
    """Re-scans for the server's process, as many as it takes to keep it at work."""

    def __init__(self, database: Database) -> None:
        self._rescans = Rescans(database)
        # Each has another range, so that none is refused as the same.
        self._ages = (timedelta(days=1000 + number) for number in count())
        self._queued: list[int] = []
        self.signals, self.seconds = 0, 0.0

    def begin(self, many: int) -> None:
        """Queue re-scans and wait until the first runs."""
        since = [datetime.now(UTC) - age for _, age in zip(range(many), self._ages, strict=False)]
        self._queued = [
            self._rescans.ask(NewRescan(bank=GROWN, since=one), "bench").id for one in since
        ]
        while self._rescans.get(self._queued[0]).started_at is None:
            time.sleep(0.05)

    def end(self, seconds: float) -> None:
        """Cancel what is left; add up what was compared in so many seconds."""
        found = [self._rescans.get(number) for number in self._queued]
        if found[-1].started_at is not None and found[-1].ended_at is not None:
            raise SystemExit("the re-scans ended before the look-ups: use more --events")
        self.signals += sum(rescan.tally.signals for rescan in found)
        self.seconds += seconds
        for rescan in found:
            if rescan.ended_at is None:
                self._rescans.cancel(rescan.id)


def turns(
    server: Server, key: str, work: Path, background: Background, rounds: int, seconds: int
) -> tuple[list[Figures], list[Figures]]:
    """Ask in turns without a re-scan and beside one."""
    threads = len(os.sched_getaffinity(0))
    without, beside = [], []
    ask(LOOKUPS, server, key, work, 2, threads)
    for _ in range(rounds):
        without.append(ask(LOOKUPS, server, key, work, seconds, threads))
        background.begin(40)
        begun = time.monotonic()
        beside.append(ask(LOOKUPS, server, key, work, seconds, threads))
        background.end(time.monotonic() - begun)
        time.sleep(1)
    return without, beside


def measure(work: Path, options: argparse.Namespace) -> Result:
    """Store a past, let a bank grow, compare, ask."""
    machine = describe()
    bank = bank_file(work, options.entries)
    prepare(work, bank)
    with tempfile.TemporaryDirectory(dir=work, prefix="data-") as folder:
        env = os.environ | {
            "TUTELA_DATA_FOLDER": folder,
            "TUTELA_SERVER_RATE_PER_SECOND": "0",
            "TUTELA_LOG_LEVEL": "warning",
            "TUTELA_RESCAN_AUTOMATIC": "false",
            "TUTELA_RESCAN_SHARE": str(options.share),
        }
        tutela(env, "banks", "create", "measured")
        tutela(env, "banks", "import", "measured", str(bank))
        key = tutela(env, "keys", "create", "--role", "admin", "--name", "bench").strip()
        database = Database.open(f"sqlite:///{folder}/tutela.db")
        store_past(database, options.events)
        grow(database, options.grown)
        full = at_full_speed(env)
        with serving(env, options.workers, work / "server.log") as server:
            background = Background(database)
            without, beside = turns(server, key, work, background, options.rounds, options.seconds)
        database.close()
    usual, slowed = median(without), median(beside)
    return Result(
        machine=machine,
        entries=options.entries,
        events=options.events,
        workers=options.workers,
        share=options.share,
        full=full,
        without=tuple(without),
        beside=tuple(beside),
        slower_percent=round((1 - slowed / usual) * 100, 1),
        signals_per_second=round(background.signals / background.seconds),
    )


def median(rounds: list[Figures]) -> float:
    """Median look-ups/s."""
    return statistics.median(one.requests_per_second for one in rounds)


def show(result: Result) -> None:
    """Print a table."""
    print(result.machine.heading())
    full = result.full
    print(
        f"\nby hand, full speed: {full.signals:,} signals of {result.events:,} events compared "
        f"with {full.entries:,} entries\n{full.signals_per_second:,} signals/s, "
        f"{full.findings} findings, {full.seconds} s with its start"
    )
    print(f"\nlook-ups, {result.workers} server processes, {result.entries:,} entries")
    print(f"{'':24}{'look-ups/s':>12}{'p50, ms':>10}{'p99, ms':>10}{'cpu, ms':>10}")
    for name, rounds in (("without a re-scan", result.without), ("beside one", result.beside)):
        for row in rounds:
            print(
                f"{name:24}{row.requests_per_second:12,.1f}{row.p50_ms:10.2f}{row.p99_ms:10.2f}"
                f"{row.cpu_ms:10.3f}"
            )
    print(
        f"\nbeside a re-scan {result.slower_percent} % fewer look-ups/s (medians); it compared "
        f"{result.signals_per_second:,} signals/s, with a share of {result.share} of a core"
    )


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the bank asked for")
    parser.add_argument("--grown", type=int, default=10_000, help="entries that are new")
    parser.add_argument("--events", type=int, default=100_000, help="of the past")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="length of each round")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.25, help="of a core, for re-scans")
    parser.add_argument("--work", type=Path, help="folder that keeps the bank")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as scratch:
        work: Path = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        result = measure(work, options)
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
