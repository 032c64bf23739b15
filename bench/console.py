"""How long pages of the console take, with many cases and with few.

    python bench/console.py [--cases N] [--few N] [--requests N] [--json]

A real server process for each number of cases, on SQLite, asked for one page after the other over
one connection by somebody with an account. The time is that from sending the request to having the
whole answer, on the same machine: what the network adds comes on top. Before it is measured, the
server has gathered the cases.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from machine import Machine, describe
from many_cases import fill
from tutela.drill.server import Server, free_port
from tutela.model.record import Record
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
HOST = "127.0.0.1"
WARM = 5
GATHERING_SECONDS = 900


class Figures(Record, frozen=True, kw_only=True):
    """One page: milliseconds, the half and 95 of 100 requests being quicker."""

    page: str
    few_p50: float
    few_p95: float
    many_p50: float
    many_p95: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    machine = describe()
    few = measured(asked.few, asked.requests)
    many = measured(asked.cases, asked.requests)
    figures = [
        Figures(
            page=page,
            few_p50=few[page][0],
            few_p95=few[page][1],
            many_p50=many[page][0],
            many_p95=many[page][1],
        )
        for page in few
    ]
    if asked.json:
        answer = {"machine": machine, "cases": asked.cases, "few": asked.few, "pages": figures}
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    else:
        show(machine, asked.few, asked.cases, figures)


def show(machine: Machine, few: int, many: int, figures: Sequence[Figures]) -> None:
    """The table for people."""
    print(machine.heading())
    print(f"milliseconds for a whole page, p50 / p95, with {few:,} and with {many:,} cases")
    for one in figures:
        ratio = one.many_p95 / one.few_p95
        print(
            f"{one.page:42} {one.few_p50:7.1f} / {one.few_p95:6.1f}"
            f" {one.many_p50:9.1f} / {one.many_p95:6.1f}   x {ratio:.1f}"
        )


def measured(cases: int, requests: int) -> Mapping[str, tuple[float, float]]:
    """Each page with p50 and p95 in milliseconds, with so many cases."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), cases) as (port, cookie):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        with closing(connection):
            return {
                name: timed(connection, path, cookie, requests)
                for name, path in pages(cases).items()
            }


def pages(cases: int) -> Mapping[str, str]:
    """What is looked at, by name."""
    middle = f"case-upload-{cases // 2}"
    return {
        "the board of queues": "/console/review",
        "figures of review": "/console/review/figures",
        "queues": "/console/queues",
        "cases, latest first": "/console/cases",
        "cases, open and critical": "/console/cases?" + query(state="open", severity="critical"),
        "cases of a region and language": "/console/cases?" + query(region="FR", language="fr"),
        "cases, by words": "/console/cases?" + query(words="distance 12"),
        "one case": f"/console/cases/{middle}",
        "one event": f"/console/events/upload-{cases // 2}",
        "people": "/console/accounts",
        "principles": "/console/principles",
    }


def query(**fields: str) -> str:
    """Fields as they stand in an address."""
    return urlencode(fields)


def timed(
    connection: http.client.HTTPConnection, path: str, cookie: str, requests: int
) -> tuple[float, float]:
    """p50 and p95 of a page, in milliseconds."""
    spans = []
    for number in range(WARM + requests):
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path}: {answer.status}")
        if number >= WARM:
            spans.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spans), statistics.quantiles(spans, n=20)[-1]


@contextmanager
def served(folder: Path, cases: int) -> Iterator[tuple[int, str]]:
    """A server with so many cases that have been gathered, and the cookie of an admin."""
    port = free_port(HOST, 0)
    env = {
        **os.environ,
        "TUTELA_DATA_FOLDER": str(folder / "data"),
        "TUTELA_SERVER_WORKERS": "1",
        "TUTELA_SERVER_PORT": str(port),
        "TUTELA_DECODER_CHILDREN": "1",
    }
    subprocess.run([*PROGRAM, "keys", "list"], env=env, check=True, capture_output=True)
    with closing(Database.open(f"sqlite:///{folder / 'data/tutela.db'}")) as database:
        fill(database, cases)
        account = Accounts(database).create("bench", "admin").id
        life = timedelta(hours=2)
        _, token = Sessions(database).open("admin", idle=life, life=life, account_id=account)
        with Server([*PROGRAM, "serve"], env, HOST, port, folder / "server.log"):
            wait_until_gathered(database)
            yield port, f"tutela_session={token}"


def wait_until_gathered(database: Database) -> None:
    """Let the server's duty look at every case."""
    deadline = time.monotonic() + GATHERING_SECONDS
    statement = "SELECT count(*) FROM cases WHERE gathered_at IS NULL"
    while time.monotonic() < deadline:
        with database.read() as connection:
            if connection.exec_driver_sql(statement).scalar_one() == 0:
                return
        time.sleep(1)
    raise SystemExit("the cases were not gathered in time")


if __name__ == "__main__":
    main()
