"""What `tutela demo` does: one drill from an empty folder to the table."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tutela.drill.plan import plan
from tutela.drill.run import LookBack, fill_bank, look_back, send
from tutela.drill.server import Server, free_port
from tutela.drill.tally import Tally
from tutela.errors import Unavailable
from tutela.interfaces.access import Role
from tutela.model.record import Record
from tutela.settings import Settings
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

HOST = "127.0.0.1"
CODE_LIFE = timedelta(hours=1)
"""Longer than usual: the reader looks at the table first."""
START = "from tutela.interfaces.cli.main import run; run()"
COLUMNS = ("kind", "sent", "matched", "clear", "not checked", "missed", "wrong")


class Options(Record, frozen=True, kw_only=True):
    """What the command line asked for; see `demo`."""

    once: bool
    events: int
    port: int
    keep: bool


def run_drill(options: Options) -> bool:
    """Run a drill and say whether every answer was right.

    Raises:
        Unavailable: the server did not start, or was lost on the way.
    """
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _end)
    with _data_folder(console, keep=options.keep) as folder:
        env = _environment(folder, free_port(HOST, options.port))
        settings = Settings.load(None, env)
        console.print("Starting the server; the first time this compiles kernels, for a minute ...")
        with (
            _server(settings, env, folder) as server,
            closing(Database.open(settings.database_url)) as database,
        ):
            tally, past = _drill(console, server, Keys(database), options.events)
            console.print(_table(tally))
            if past is not None:
                console.print(past.line(), soft_wrap=True)
            if not options.once:
                console.print(tally.line())
                _stay(console, server, Sessions(database))
    if options.once:
        console.print(tally.line(), soft_wrap=True)
    return tally.sound and (past is None or past.sound)


def _drill(
    console: Console, server: Server, keys: Keys, events: int
) -> tuple[Tally, LookBack | None]:
    _, secret = keys.create("demo", Role.ADMIN)
    with server.client(secret) as client:
        console.print("Filling the drill bank ...")
        fill_bank(client)
    progress = Progress(
        TextColumn("Sending"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    uploads = tuple(plan(events))
    with progress:
        task = progress.add_task("", total=events)
        tally = send(lambda: server.client(secret), uploads, lambda: progress.advance(task))
    with server.client(secret) as client:
        past = look_back(
            client,
            uploads,
            lambda name: console.print(f"Listing {name}, and looking for it in the past ..."),
        )
    return tally, past


def _table(tally: Tally) -> Table:
    table = Table(title="Drill: harmless pictures only")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in tally.rows():
        bad = "" if row.missed == row.wrong == 0 else "bold red"
        numbers = [getattr(row, name.replace(" ", "_")) for name in COLUMNS[1:]]
        table.add_row(row.kind, *(str(number) if number else "" for number in numbers), style=bad)
    return table


def _stay(console: Console, server: Server, sessions: Sessions) -> None:
    """Keep the server up until Ctrl-C."""
    code = sessions.create_code(Role.ADMIN, CODE_LIFE)
    console.print(f"Console:       http://{server.host}:{server.port}/console", soft_wrap=True)
    console.print(f"Sign-in code:  {code}  (works once, within the hour)", soft_wrap=True)
    try:
        console.print("Ctrl-C stops the server.")
        while server.running:
            time.sleep(0.2)
    except KeyboardInterrupt:
        console.print("\nStopping ...")
    else:
        raise Unavailable("the server has ended by itself")


def _server(settings: Settings, env: dict[str, str], folder: Path) -> Server:
    return Server(
        [sys.executable, "-c", START, "serve"],
        env,
        settings.server.host,
        settings.server.port,
        folder / "server.log",
    )


def _environment(folder: Path, port: int) -> dict[str, str]:
    """The environment of a server that nothing but this drill has set up."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    return env | {
        "TUTELA_DATA_FOLDER": str(folder / "data"),
        "TUTELA_SERVER_HOST": HOST,
        "TUTELA_SERVER_PORT": str(port),
    }


@contextmanager
def _data_folder(console: Console, *, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tutela-drill-"))
    console.print(f"Data folder: {folder}", soft_wrap=True)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    sys.exit(128 + number)
