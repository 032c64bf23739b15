"""The receiver that the manual shows, run as it stands, behind a real server."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tutela.outgoing import Outgoing, Reach
from tutela.response.secrets import Secrets
from tutela.storage.database import Database
from tutela.storage.outbox.work import Outbox
from tutela.telemetry import make_logger
from tutela.workflows.sending.circuit import Patience
from tutela.workflows.sending.delivering import LEASE, Delivering

if TYPE_CHECKING:
    from tests.conftest import ManualReceiver
    from tests.integration.conftest import Running, Start

HILL = [{"kind": "md5", "value": "5f" * 16}]
PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
SECONDS = 60


def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


@contextmanager
def sending(folder: Path) -> Iterator[None]:
    """Send what is due, without the patience that a service needs."""
    database, stop = Database.open(f"sqlite:///{folder / 'tutela.db'}"), threading.Event()
    delivering = Delivering(
        Outbox(database, "test", LEASE),
        Outgoing(Reach(seconds=10)),
        Secrets.open(folder / "actions.key"),
        make_logger("critical", as_json=True, stream=sys.stderr),
        stop=stop,
        patience=Patience(first=0.05, attempts=2),
    )
    thread = threading.Thread(target=delivering.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        database.close()


@pytest.fixture
def server(start: Start) -> Running:
    """A server whose bank lists one signal, and which sends nothing itself."""
    server = start(TUTELA_ACTIONS_WORKER="false", TUTELA_LOG_LEVEL="error")
    server.post("/v1/banks", {"name": "hills", "trusted": True, "drill": True})
    server.post("/v1/banks/hills/entries", {"entries": [{"signals": HILL}]})
    return server


def command(server: Running, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words],
        env=server.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def check(server: Running, name: str) -> None:
    event = {"event_id": name, "signals": HILL, "drill": True, "surface": "forum"}
    assert "block" in server.post("/v1/check", event).json["decision"]["actions"]


def action_of(server: Running, name: str) -> Any:  # noqa: ANN401 - JSON
    (found,) = server.ask("GET", "/v1/actions", event=name).json["actions"]
    return found


def test_from_a_decision_to_a_receipt_and_back_from_a_failure(
    server: Running, receiver: ManualReceiver
) -> None:
    created = command(
        *(server, "destinations", "create", "platform", "--action", "block", "--private"),
        *("--url", receiver.url),
    )
    assert created.returncode == 0, created.stderr
    secret = created.stdout.strip()
    receiver.start(secret)
    with sending(server.folder / "data"):
        tested = command(server, "destinations", "test", "platform")
        assert tested.returncode == 0, tested.stdout
        assert "took and confirmed" in tested.stdout
        routed(server)
        check(server, "first")
        until(lambda: action_of(server, "first")["state"] == "done")
        assert action_of(server, "first")["receipt"]["reference"].startswith("action ")
        receiver.stop()
        check(server, "second")
        until(lambda: action_of(server, "second")["state"] == "failed")
        failed = action_of(server, "second")
        assert failed["attempts"] == 2
        assert failed["problem"] == "the address could not be connected to"
        alarms = command(server, "actions", "alarms", "--json")
        assert (alarms.returncode, msgspec.json.decode(alarms.stdout)["failed"]) == (1, 1)
        receiver.start(secret)
        assert command(server, "actions", "retry", "--failed").returncode == 0
        until(lambda: action_of(server, "second")["state"] == "done")
        assert receiver.log.count("block: event second") == 1
        assert server.ask("GET", "/v1/actions/state").json["alarms"] == []
    assert "whsec_" not in server.log + receiver.log
    assert "t0ken" not in server.log


def routed(server: Running) -> None:
    """Wait until the server makes messages for a destination that a command made."""

    def made() -> bool:
        name = f"probe-{time.monotonic_ns()}"
        check(server, name)
        return bool(server.ask("GET", "/v1/actions", event=name).json["actions"])

    until(made)


def test_a_wrong_secret_is_told_of(server: Running, receiver: ManualReceiver) -> None:
    new = {"name": "platform", "url": receiver.url, "private": True}
    first = server.post("/v1/destinations", new).json["secret"]
    second = server.post("/v1/destinations/platform/rotate", {"overlap_hours": 1}).json["secret"]
    receiver.start(first)
    assert server.post("/v1/destinations/platform/test", {}).json["confirmed"], "both sign"
    third = server.post("/v1/destinations/platform/rotate", {"overlap_hours": 0}).json["secret"]
    tried = server.post("/v1/destinations/platform/test", {}).json
    assert not tried["confirmed"]
    assert "status 400" in tried["text"]
    receiver.stop()
    receiver.start(second, third)
    assert server.post("/v1/destinations/platform/test", {}).json["confirmed"]
    assert not [one for one in (first, second, third) if one in server.log + receiver.log]


def test_the_problems_that_the_manual_explains_are_those_that_there_are() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/how-to/when-actions-fail.md").read_text()
    problems = re.findall(r"^\| `((?:the|it|a) [^`]+)`", page, re.MULTILINE)
    assert len(problems) > 10
    source = "".join(path.read_text() for path in (root / "src/tutela").rglob("*.py"))
    assert [problem for problem in problems if problem not in source] == []
