"""A real server process with a real database, reached over a real socket."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tutela.interfaces.access import Role
from tutela.storage.access.keys import Keys
from tutela.storage.database import Database

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
HOST = "127.0.0.1"
START_SECONDS = 120
STOP_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a server sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return msgspec.json.decode(self.body)


@dataclass
class Running:
    """A server process and a key for it."""

    folder: Path
    env: dict[str, str]
    arguments: tuple[str, ...]
    key: str
    port: int = 0
    process: subprocess.Popen[bytes] = field(init=False)
    _started: ExitStack = field(default_factory=ExitStack)

    @property
    def log(self) -> str:
        """What it wrote to its standard error."""
        return (self.folder / "server.log").read_text()

    def new_key(self) -> str:
        """Another key of an admin."""
        return new_key(self.folder)

    def start(self) -> None:
        """Start it, anew if need be, and wait until it tells its address."""
        self._started.close()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "serve", "--port", str(self.port), *self.arguments],
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        self._started.callback(self.process.stdout.close)
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(r"Tutela answers at http://127\.0\.0\.1:(\d+)\n", line)
        assert found, f"it said {line!r}\n{self.log}"
        self.port = int(found[1])

    def connect(self, timeout: float = 60) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self.port, timeout=timeout)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """Send one request on a connection of its own, with the admin's key."""
        line = f"{path}?{urlencode(query)}" if query else path
        with closing(self.connect()) as connection:
            connection.request(method, line, body, {**self.bearer, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers.items()), response.read())

    def post(self, path: str, document: object) -> Answer:
        """Send JSON."""
        body = msgspec.json.encode(document)
        return self.ask("POST", path, body, {"Content-Type": "application/json"})

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it and all of its processes at once, as a loss of power would."""
        for pid in self.descendants():
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def children(self) -> list[int]:
        """Ids of the processes that it started itself and that live."""
        return [pid for pid in children(self.process.pid) if alive(pid)]

    def descendants(self) -> list[int]:
        """Ids of all processes below it."""
        return descendants(self.process.pid)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._started.close()


def children(pid: int) -> list[int]:
    """Ids of the processes that a process started."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, tasks.read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Ids of the processes that a process and those below it started."""
    own = children(pid)
    return own + [below for child in own for below in descendants(child)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


Start = Callable[..., Running]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment of nothing but a fresh data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    return kept | {
        "TUTELA_DATA_FOLDER": str(tmp_path / "data"),
        "TUTELA_DECODER_CHILDREN": "1",
        "TUTELA_SERVER_HOST": HOST,
        # Processes less to start, to wait for and to end; the tests of their work ask for them.
        "TUTELA_RESCAN_WORKER": "false",
        "TUTELA_ACTIONS_WORKER": "false",
        "TUTELA_VAULT_WORKER": "false",
    }


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start servers, such as `start("--workers", "2", TUTELA_SERVER_REQUEST_SECONDS="1")`."""
    running: list[Running] = []

    def begin(*arguments: str, **settings: str) -> Running:
        server = Running(tmp_path, environment | settings, arguments, new_key(tmp_path))
        running.append(server)
        server.start()
        return server

    yield begin
    for server in running:
        server.close()


def new_key(folder: Path) -> str:
    """A key of an admin for the database in a folder."""
    (folder / "data").mkdir(exist_ok=True)
    database = Database.open(f"sqlite:///{folder / 'data' / 'tutela.db'}")
    try:
        database.migrate()
        return Keys(database).create("test", Role.ADMIN)[1]
    finally:
        database.close()
