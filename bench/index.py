"""Look-ups per second within 31 bits among N signals: our index, faiss and threatexchange.

    python bench/index.py [--entries N] [--queries Q] [--set SET] [--engines LIST] [--json]

Each engine gets the same signals and queries in one run, on one core (`many`: on all). `single` is
one call per query, as the server asks; `batch` is one call for all; `many` is what a re-scan uses.
`scan` is our own kernel comparing every signal: no set may make our index slower than 1.2 times
that. Times are medians over rounds of processor time (`many`: of the clock), recall is against
brute force in NumPy. `--set uniform` also prints what the cost model (`plan.py`) predicts.

The extra `bench` brings faiss-cpu and threatexchange. An engine that would take more than two
minutes to build, or that is not installed, is left out and named.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from crowds import BITS, RADIUS, SETS, Crowd, Octets, crowds
from engines import LIMIT, Engine, Own, PdqIndex, brute_force, flat, multihash
from machine import Machine, describe
from tutela.detection.index.plan import make_plan, search_cost
from tutela.model.record import Record

ROUNDS, ROUND_SECONDS = 5, 1.0
CHECKED = 20
RADII = (0, 10, 20, 31, 36, 40, 44)
MOST_ENTRIES = {
    "scan": 20_000_000,
    "flat": 20_000_000,
    "multihash": 10_000_000,
    "pdqindex": 1_000_000,
}
"""Beyond these an engine needs minutes to build or does a few look-ups per second."""


class Row(Record, frozen=True, kw_only=True):
    """One engine on one set.

    Attributes:
        asked: queries in one round.
        per_second: look-ups, median over the rounds; of `many` on all cores together.
        hits: among the queries that were checked.
        recall: of what brute force finds for them.
        ratio: how many times as quick ours is, one call per query.
    """

    engine: str
    build_seconds: float
    build_processor_seconds: float
    bytes_per_entry: float
    asked: int
    per_second: float
    hits: int
    recall: float
    ratio: float = 0.0


class Prediction(Record, frozen=True, kw_only=True):
    """One search within a radius, in microseconds."""

    radius: int
    predicted: float
    measured: float


class Table(Record, frozen=True, kw_only=True):
    """All engines on one set.

    Attributes:
        left_out: engines that were not measured, and why.
    """

    crowd: str
    rows: list[Row]
    left_out: dict[str, str]
    predictions: list[Prediction]


class Result(Record, frozen=True, kw_only=True):
    """What was measured; `peak_gb` is the most memory that the process took."""

    machine: Machine
    entries: int
    queries: int
    tables: list[Table]
    peak_gb: float


def pace(engine: Engine, queries: Octets) -> tuple[int, float]:
    """How many queries fit into a round, and the median of look-ups per second."""
    clock = time.perf_counter if engine.threads > 1 else time.thread_time
    engine.search(queries[:2])
    asked, seconds = 1, 0.0
    while asked < len(queries) and seconds < ROUND_SECONDS / 4:
        asked = min(len(queries), asked * 4)
        seconds = _time(clock, engine, queries[:asked])
    return asked, asked / statistics.median(
        _time(clock, engine, queries[:asked]) for _ in range(ROUNDS)
    )


def _time(clock: Callable[[], float], engine: Engine, queries: Octets) -> float:
    begun = clock()
    engine.search(queries)
    return clock() - begun


def recall(engine: Engine, queries: Octets, wanted: Sequence[set[int]]) -> tuple[int, float]:
    """Hits, and the share of what must be found; a hit too many counts as one missed."""
    found = [engine.hits(query) for query in queries[: len(wanted)]]
    right = sum(len(own & must) - len(own - must) for own, must in zip(found, wanted, strict=True))
    return sum(map(len, found)), right / max(1, sum(map(len, wanted)))


MAKERS: dict[str, Callable[[Octets], Engine]] = {
    "own": Own,
    "scan": lambda codes: Own(codes, scan=True),
    "flat": flat,
    "multihash": multihash,
    "pdqindex": PdqIndex,
}
NAMES = {
    "scan": "our kernel, every code",
    "flat": "faiss flat",
    "multihash": "faiss MultiHash(16)",
    "pdqindex": "threatexchange PDQIndex",
}


def measured(
    name: str, crowd: Crowd, wanted: Sequence[set[int]], model: list[Prediction] | None
) -> Iterator[Row]:
    """Build one engine and measure it; ours in three ways, and beside the cost model if asked."""
    begun, busy = time.perf_counter(), time.process_time()
    engine = MAKERS[name](crowd.codes)
    built, busy = time.perf_counter() - begun, time.process_time() - busy
    ways = [(NAMES.get(name, name), engine)]
    if name == "own":
        assert isinstance(engine, Own)  # noqa: S101 - for the type checker
        ways = [(f"tutela, {way}", engine.asked(way)) for way in ("single", "batch", "many")]
        if model is not None:
            model += predictions(engine, crowd)
    for label, way in ways:
        asked, per_second = pace(way, crowd.queries)
        hits, share = recall(way, crowd.queries, wanted)
        yield Row(
            engine=label,
            build_seconds=round(built, 2),
            build_processor_seconds=round(busy, 2),
            bytes_per_entry=round(engine.memory / len(crowd.codes), 1),
            asked=asked,
            per_second=round(per_second, 1),
            hits=hits,
            recall=round(share, 6),
        )


def predictions(engine: Own, crowd: Crowd) -> list[Prediction]:
    """The cost model beside measurement, for radii that are searched by tables."""
    entries, queries, index = len(crowd.codes), crowd.queries, engine.index
    plan = make_plan(entries, BITS, RADIUS, max(RADII))
    if plan is None:
        return []
    found = []
    for radius in RADII:
        if not plan.scans[radius]:
            reach, some = np.array([radius], np.int16), queries[:500]
            times = []
            for _ in range(ROUNDS):
                begun = time.thread_time()
                index.search(some, reach, LIMIT)
                times.append((time.thread_time() - begun) / len(some) * 1e6)
            price = search_cost(entries, plan.widths, plan.thresholds[radius].tolist()) / 1e3
            found.append(
                Prediction(
                    radius=radius,
                    predicted=round(price, 1),
                    measured=round(statistics.median(times), 1),
                )
            )
    return found


def compare(crowd: Crowd, names: Sequence[str], *, model: bool) -> Table:
    """All engines on one set, one after the other, so that one is in memory at a time."""
    wanted = brute_force(crowd.codes, crowd.queries[:CHECKED])
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    predicted: list[Prediction] = []
    for name in names:
        if len(crowd.codes) > MOST_ENTRIES.get(name, len(crowd.codes)):
            left_out[NAMES[name]] = f"too slow above {MOST_ENTRIES[name]:,} entries"
            continue
        try:
            rows += measured(name, crowd, wanted, predicted if model else None)
        except ImportError as error:
            left_out[NAMES[name]] = str(error)
        gc.collect()
    first = rows[0].per_second
    rows = [msgspec.structs.replace(row, ratio=round(first / row.per_second, 2)) for row in rows]
    return Table(
        crowd=crowd.name,
        rows=rows,
        left_out=left_out,
        predictions=predicted,
    )


def show(result: Result) -> None:
    """The tables for people."""
    print(result.machine.heading())
    print(f"{result.entries:,} entries, within 31 bits, peak memory {result.peak_gb} GB")
    for table in result.tables:
        print(f"\n{table.crowd}")
        heads = "  build s    cpu s   bytes       per s  ours is       hits    recall"
        print(f"  {'':26}{heads}")
        for row in table.rows:
            print(
                f"  {row.engine:26}{row.build_seconds:9.1f}{row.build_processor_seconds:9.1f}"
                f"{row.bytes_per_entry:8.1f}"
                f"{row.per_second:12,.0f}{row.ratio:8.2f}x{row.hits:11,}{row.recall:10.4f}"
            )
        for name, why in table.left_out.items():
            print(f"  {name:26}left out: {why}")
        for own in table.predictions:
            print(
                f"  within {own.radius:2} bits: {own.predicted:8.1f} us predicted,"
                f"{own.measured:8.1f} us measured"
            )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--set", choices=SETS, default="uniform")
    parser.add_argument("--engines", default=",".join(MAKERS), help="which, in which order")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    machine, names = describe(), options.engines.split(",")
    warm = next(crowds("uniform", 20_000, 100))
    for name in {"own", "scan"} & set(names):
        MAKERS[name](warm.codes).search(warm.queries)
    tables = [
        compare(crowd, names, model=options.set == "uniform" and "own" in names)
        for crowd in crowds(options.set, options.entries, options.queries)
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = Result(
        machine=machine,
        entries=options.entries,
        queries=options.queries,
        tables=tables,
        peak_gb=round(peak, 1),
    )
    if options.json:
        print(json.dumps(msgspec.to_builtins(result)))
    else:
        show(result)


if __name__ == "__main__":
    main()
