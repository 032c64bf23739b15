"""The past compared with grown lists by real processes: within seconds, and through `kill -9`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from tutela.drill.photographs import unrelated
from tutela.model import Content, Event, NewEntry, RescanState, Signal
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.past.growth import Growth
from tutela.storage.past.rescans import Rescans
from tutela.storage.tables import rescans

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
EVENTS = 400
HIT_EVERY = 4


def eventually(condition: Callable[[], Any], seconds: float = 120) -> Any:  # noqa: ANN401
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def workers_of(server: Running) -> list[int]:
    """Ids of the processes below a server that work on re-scans."""
    lines = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes()
        for pid in server.descendants()
        if Path(f"/proc/{pid}").exists()
    }
    return [pid for pid, line in lines.items() if b"--attached" in line]


def upload(server: Running, event_id: str) -> Any:  # noqa: ANN401 - JSON
    facts = {"event_id": event_id, "surface": "forum", "drill": "true"}
    kind = {"Content-Type": "image/jpeg"}
    return server.ask("POST", "/v1/check", unrelated()[0].data, kind, **facts).json


def test_a_picture_that_is_listed_later_is_found(start: Start) -> None:
    server = start(TUTELA_RESCAN_WORKER="true")
    assert upload(server, "photo")["verdict"] == "clear"
    server.post("/v1/banks", {"name": "late", "drill": True, "trusted": True})
    server.ask("POST", "/v1/banks/late/media", unrelated()[0].data)

    def findings() -> Any:  # noqa: ANN401 - JSON
        rescans = server.ask("GET", "/v1/rescans").json["rescans"]
        found = [server.ask("GET", f"/v1/rescans/{one['id']}/findings").json for one in rescans]
        return [finding for page in found for finding in page["findings"]]

    (finding,) = eventually(findings)
    assert finding["event"]["origin"]["event_id"] == "photo"
    assert finding["event"]["surface"] == "forum"
    case = server.ask("GET", f"/v1/cases/{finding['outcome']['case_id']}").json
    assert case["event"]["origin"] == finding["event"]["origin"]
    # The process that did it is replaced when it dies, and ends with the server.
    (worker,) = workers_of(server)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: (now := workers_of(server)) and now != [worker])
    own = server.descendants()
    assert server.stop() == 0
    assert not [pid for pid in own if Path(f"/proc/{pid}").exists()]
    assert "a process beside the server ended" in server.log


@pytest.fixture
def large(database_url: str) -> Iterator[Database]:
    """A past of many events, every fourth with a signal that is listed now."""
    database = Database.open(database_url)
    policy = Policy.default()
    with Journal(database) as journal:
        futures = []
        for number in range(EVENTS):
            name = "known" if number % HIT_EVERY == 0 else f"{number}"
            value = name.encode().hex().ljust(32, "0")
            content = Content(signals=(Signal(kind="md5", value=value),))
            event = Event(
                id=f"event-{number}",
                digest="-",
                received_at=datetime.now(UTC),
                contents=(content,),
            )
            conclusion = conclude(event, (), (), policy=InForce(policy), list_version=0)
            futures.append(journal.record(*conclusion))
        for future in futures:
            future.result(30)
    Banks(database).create("late")
    known = Signal(kind="md5", value=b"known".hex().ljust(32, "0"))
    Entries(database).add("late", [NewEntry(signals=(known,))])
    yield database
    database.close()


def _let_time_pass(database: Database) -> None:
    """Let whoever holds a re-scan have been silent for as long as it takes to lose it."""
    with database.write() as connection:
        connection.execute(update(rescans).values(beat_at=datetime(2001, 1, 1, tzinfo=UTC)))


def test_killed_in_the_middle_and_done_by_another(
    large: Database, database_url: str, environment: dict[str, str]
) -> None:
    """Each finding once, though processes are killed while they store them."""
    env = environment | {"TUTELA_STORAGE_URL": database_url, "TUTELA_RESCAN_SHARE": "0.05"}
    number = Growth(large).look()
    assert number is not None
    known = Rescans(large)

    def stored() -> int:
        return len(known.findings(number, limit=EVENTS))

    def passed() -> bool:
        return known.get(number).state is RescanState.SETTLING

    # The first is killed as soon as it has found something, the second when it has ended.
    for enough in (lambda: stored() > 0, passed):
        worker = subprocess.Popen([*PROGRAM, "rescan", "work"], env=env)
        try:
            eventually(enough)
        finally:
            worker.kill()
            worker.wait()
            _let_time_pass(large)
    found = [file.event.origin for file in known.findings(number, limit=EVENTS)]
    ids = [origin.event_id for origin in found if origin is not None]
    assert sorted(ids) == sorted(f"event-{n}" for n in range(0, EVENTS, HIT_EVERY))
    rescan = known.get(number)
    assert (rescan.tally.events, rescan.tally.signals) == (EVENTS, EVENTS)
    assert rescan.tally.findings == EVENTS // HIT_EVERY
