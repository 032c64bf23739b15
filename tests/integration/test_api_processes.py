"""Starting, stopping and losing server processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.drill.photographs import listed
from tutela.interfaces.cli.user import user
from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Start

SIGNALS = [{"kind": "md5", "value": "ab" * 16}]
PROGRAM = "from tutela.interfaces.cli.main import run; run()"


def eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def begin_upload(server: Running, size: int) -> socket.socket:
    """Send the head of an upload and wait until its body is asked for."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = (
        f"POST /v1/check?event_id=slow HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {server.key}\r\nContent-Length: {size}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    client.sendall(head.encode())
    assert client.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return client


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, "1"), (signal.SIGTERM, "2")])
def test_a_stop_waits_for_what_is_under_way(start: Start, number: int, workers: str) -> None:
    server = start("--workers", workers)
    photo = listed()[0].data
    with closing(begin_upload(server, len(photo))) as client:
        # A terminal sends Ctrl-C to all processes of the group, the decoder's children too.
        send = os.killpg if number == signal.SIGINT else os.kill
        send(server.process.pid, number)
        time.sleep(0.5)
        assert server.process.poll() is None
        client.sendall(photo)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'"verdict":"clear"' in answer
    assert b"connection: close" in answer
    assert server.process.wait(60) == 0
    with pytest.raises(OSError, match="refused"):
        server.ask("GET", "/health/live")
    server.start()
    assert server.ask("GET", "/v1/events/slow").json["outcome"]["verdict"] == "clear"


def test_nothing_is_left_behind(start: Start) -> None:
    server = start("--workers", "2")
    own = server.descendants()
    assert len(own) >= 2
    assert server.stop() == 0
    assert not [pid for pid in own if alive(pid)]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_cannot_start_says_why(
    tmp_path: Path, environment: dict[str, str], workers: str
) -> None:
    (tmp_path / "policy.yaml").write_text("rules: 7")
    bad = environment | {"TUTELA_POLICY_FILE": str(tmp_path / "policy.yaml")}
    done = serve(bad, "--port", "0", "--workers", workers)
    assert done.returncode == 2
    assert "policy.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_port_that_is_taken(environment: dict[str, str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        for workers in ("1", "2"):
            done = serve(environment, "--port", str(port), "--workers", workers)
            assert done.returncode == 2
            assert f"127.0.0.1:{port}: the server cannot listen there" in done.stderr


def test_a_worker_that_dies_is_replaced(start: Start) -> None:
    server = start("--workers", "2")
    before = server.children()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(server.children()) == 2 and before[0] not in server.children())
    # What waited at the socket of the dead worker is answered by the one that replaces it.
    for _ in range(20):
        assert server.ask("GET", "/health/live").status == 200
    assert "a server process ended" in server.log
    assert server.stop() == 0


def test_workers_end_with_their_parent(start: Start) -> None:
    server = start("--workers", "2")
    workers = server.children()
    server.process.kill()
    server.process.wait()
    eventually(lambda: not any(map(alive, workers)))


def test_metrics_count_for_all_workers(start: Start) -> None:
    server = start("--workers", "2")
    for _ in range(40):
        assert server.post("/v1/lookup", {"signals": SIGNALS}).status == 200
    name = 'tutela_http_requests_total{method="POST",route="/v1/lookup",status="200"}'

    def counted() -> float:
        text = server.ask("GET", "/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0

    # A request is counted once its answer is out, so that the last may be a moment late.
    eventually(lambda: counted() == 40)
    assert counted() == 40


def test_a_change_by_one_worker_counts_for_all(start: Start) -> None:
    server = start("--workers", "2")
    server.post("/v1/banks", {"name": "fresh"})
    server.post("/v1/banks/fresh/entries", {"entries": [{"signals": SIGNALS}]})
    # Connections are spread over the workers, so that twenty of them reach each one.
    eventually(lambda: all(is_listed(server) for _ in range(20)))


def test_a_bank_filled_by_a_command_counts(start: Start, tmp_path: Path) -> None:
    server = start()
    (tmp_path / "list.csv").write_text(f"type,value\nmd5,{'ab' * 16}\n")
    run(server.env, "banks", "create", "files")
    run(server.env, "banks", "import", "files", str(tmp_path / "list.csv"))
    eventually(lambda: is_listed(server))


def test_a_key_made_by_a_command_is_captured_and_revoked(start: Start) -> None:
    server = start()
    server.key = run(server.env, "keys", "create", "--role", "curator", "--name", "x").strip()
    assert server.ask("GET", "/v1/banks").status == 200
    run(server.env, "keys", "revoke", server.key.split("_")[1])
    eventually(lambda: server.ask("GET", "/v1/banks").status == 401)


def test_an_event_without_an_end_raises_an_alarm(start: Start) -> None:
    server = start()
    assert server.post("/v1/check", {"signals": SIGNALS}).status == 200
    server.stop()
    assert "contradict" not in server.log
    with closing(sqlite3.connect(server.folder / "data" / "tutela.db")) as database:
        database.execute("DELETE FROM actions")
        database.commit()
    server.start()
    eventually(lambda: "stored events contradict each other" in server.log)
    assert "actionless=1" in server.log


def test_the_log_holds_neither_queries_nor_bodies(start: Start) -> None:
    server = start(TUTELA_LOG_LEVEL="debug")
    server.ask("POST", "/v1/check", b"secret-body", event_id="secret-query")
    server.ask("GET", "/v1/events/secret-path")
    server.ask("GET", "/secret-nowhere", token="secret-token")  # noqa: S106 - no secret at all
    server.stop()
    assert "/v1/check" in server.log
    assert "secret" not in server.log
    assert server.key not in server.log


def is_listed(server: Running) -> bool:
    results = server.post("/v1/lookup", {"signals": SIGNALS}).json["results"]
    return len(results[0]["matches"]) == 1


def run(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def serve(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_each_start_is_told_once_however_many_processes_there_are(
    start: Start, tmp_path: Path, environment: dict[str, str]
) -> None:
    server = start("--workers", "2")
    server.stop()
    server.start()
    server.stop()
    database = Database.open(f"sqlite:///{tmp_path / 'data' / 'tutela.db'}")
    with closing(database):
        found = AuditLog(database).page(kind=AuditKind.START)
    begun = [one.leaf for one in found]
    assert [(one.by, one.subject) for one in begun] == [(user(), "server")] * 2
    assert begun[0].data["settings"] != begun[1].data["settings"]  # another port
    assert (begun[0].data["did"], begun[0].data["workers"]) == ("started", 2)
    assert begun[0].data["version"] == metadata.version("tutela")
    assert environment["TUTELA_DATA_FOLDER"] not in str(begun)
