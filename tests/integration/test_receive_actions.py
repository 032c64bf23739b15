"""The receiver that the manual shows, run as it stands, behind a real server."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pytest

from tutela.outgoing import Outgoing, Reach
from tutela.response.secrets import Secrets
from tutela.storage.database import Database
from tutela.storage.outbox.work import Outbox
from tutela.telemetry import make_logger
from tutela.workflows.circuit import Patience
from tutela.workflows.delivering import LEASE, Delivering

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

PAGE = Path(__file__).parents[2] / "docs/how-to/receive-actions.md"
HILL = [{"kind": "md5", "value": "5f" * 16}]
PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
SECONDS = 60


class Receiver:
    """The first program of the page as a process of its own; may be stopped and started again."""

    def __init__(self, folder: Path, secret: str, port: int) -> None:
        self._secret, self._port, self._log = secret, port, folder / "receiver.log"
        self._program = folder / "receiver.py"
        (program, *_) = re.findall(
            r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
        )
        self._program.write_text(program)

    def __enter__(self) -> Self:
        env = {"WEBHOOK_SECRETS": self._secret, "PORT": str(self._port)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, self._program], env=env, stdout=log, stderr=subprocess.STDOUT
            )
        until(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    @property
    def lines(self) -> list[str]:
        """What it says that it carried out."""
        return [line for line in self._log.read_text().splitlines() if "event" in line]


def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


def test_from_a_decision_to_a_receipt_and_back_from_a_failure(server: Running) -> None:
    folder, port = server.folder, free_port()
    created = command(
        *(server, "destinations", "create", "platform", "--action", "block", "--private"),
        *("--url", f"http://127.0.0.1:{port}/hook"),
    )
    assert created.returncode == 0, created.stderr
    until(lambda: server.ask("GET", "/v1/destinations").json["destinations"])
    with sending(folder / "data"):
        with Receiver(folder, created.stdout.strip(), port) as receiver:
            tested = command(server, "destinations", "test", "platform")
            assert tested.returncode == 0, tested.stdout
            assert "took and confirmed" in tested.stdout
            routed(server)
            check(server, "first")
            until(lambda: action_of(server, "first")["state"] == "done")
            assert action_of(server, "first")["receipt"]["reference"].startswith("action ")
        check(server, "second")
        until(lambda: action_of(server, "second")["state"] == "failed")
        failed = action_of(server, "second")
        assert failed["attempts"] == 2
        assert failed["problem"] == "the address could not be connected to"
        alarms = command(server, "actions", "alarms", "--json")
        assert (alarms.returncode, msgspec.json.decode(alarms.stdout)["failed"]) == (1, 1)
        with receiver:
            assert command(server, "actions", "retry", "--failed").returncode == 0
            until(lambda: action_of(server, "second")["state"] == "done")
            server.ask("POST", f"/v1/actions/{failed['id']}/retry")
        assert [line for line in receiver.lines if "second" in line] == ["block: event second"]
        assert server.ask("GET", "/v1/actions/state").json["alarms"] == []
    assert "whsec_" not in server.log + (folder / "receiver.log").read_text()


def routed(server: Running) -> None:
    """Wait until the server makes messages for a destination that a command made."""

    def made() -> bool:
        name = f"probe-{time.monotonic_ns()}"
        check(server, name)
        return bool(server.ask("GET", "/v1/actions", event=name).json["actions"])

    until(made)


def test_a_wrong_secret_is_told_of(server: Running) -> None:
    port = free_port()
    new = {"name": "platform", "url": f"http://127.0.0.1:{port}/hook", "private": True}
    made = server.post("/v1/destinations", new).json
    other = server.post("/v1/destinations/platform/rotate", {"overlap_hours": 1}).json
    with Receiver(server.folder, made["secret"], port):
        assert server.post("/v1/destinations/platform/test", {}).json["confirmed"], "both sign"
        server.post("/v1/destinations/platform/rotate", {"overlap_hours": 0})
        tried = server.post("/v1/destinations/platform/test", {}).json
        assert not tried["confirmed"]
        assert "status 400" in tried["text"]
    assert made["secret"] not in server.log
    assert other["secret"] not in server.log
