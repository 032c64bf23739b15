"""What `tutela demo` does: one drill from an empty folder to the table."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tutela.client import Tutela
from tutela.drill.plan import plan
from tutela.drill.run import LookBack, fill_bank, look_back, send
from tutela.drill.scene import Scene, connect_platform, platform_process, play
from tutela.drill.server import Server, free_port
from tutela.drill.tally import Tally
from tutela.errors import Unavailable
from tutela.interfaces.access import Role
from tutela.interfaces.access.passwords import Passwords
from tutela.interfaces.cli.conversations.drilling import Talks, hand_in, show
from tutela.interfaces.cli.tampering import Proof, prove_log
from tutela.interfaces.web.background import PROGRAM
from tutela.model.custody.leaf import PROGRAM as PROGRAM_NAME
from tutela.model.record import Record
from tutela.settings import Settings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

HOST = "127.0.0.1"
PLATFORM_PORT = 8090
"""Where the platform listens; a free port if it is taken."""
VISITOR = "visitor"
"""Name of the account that the sign-in code is for."""
CODE_LIFE = timedelta(hours=1)
"""Longer than usual: the reader looks at the table first."""
COLUMNS = ("kind", "sent", "matched", "clear", "not checked", "missed", "wrong")


class Options(Record, frozen=True, kw_only=True):
    """What the command line asked for; see `demo`."""

    once: bool
    events: int
    port: int
    keep: bool
    platform: Path | None = None


class Results(NamedTuple):
    """What came of a drill: uploads, the past, conversations, the scene, and the audit log."""

    uploads: Tally
    past: LookBack | None
    talks: Talks | None = None
    scene: Scene | None = None
    proof: Proof | None = None

    @property
    def sound(self) -> bool:
        """Whether everything was as it must be."""
        return self.uploads.sound and all(
            part is None or part.sound for part in (self.past, self.talks, self.scene, self.proof)
        )


def run_drill(options: Options) -> bool:
    """Run a drill and say whether every answer was right and every action confirmed.

    Raises:
        Unavailable: the server or the platform did not start, or was lost on the way.
    """
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _end)
    with _data_folder(console, keep=options.keep) as folder, ExitStack() as running:
        env = _environment(folder, free_port(HOST, options.port))
        settings = Settings.load(None, env)
        if options.platform is None:
            console.print("Without a platform: --platform examples/platform/serve.py adds one.")
        platform: Server | None = None
        console.print("Starting the server; the first time this compiles kernels, for a minute ...")
        server = running.enter_context(_server(settings, env, folder))
        database = running.enter_context(closing(Database.open(settings.database_url)))
        _, secret = Keys(database).create("demo", Role.ADMIN)
        client = running.enter_context(server.client(secret))
        results = _drill(console, client, options.events)
        # Before the platform is there: nobody in these conversations has an account on it.
        results = results._replace(talks=_conversations(console, client))
        if options.platform is not None:
            uploader = Keys(database).create("platform", Role.UPLOADER)[1]
            place = _stage(console, options.platform, server, client, uploader, folder)
            platform = running.enter_context(place)
            reader = running.enter_context(server.client(_reader(database)))
            results = results._replace(scene=_scene(console, client, reader, platform))
        proof = prove_log(console, PROGRAM, env, folder)
        results = results._replace(proof=proof)
        console.print(proof.line(), soft_wrap=True)
        console.print(results.uploads.line(), soft_wrap=True)
        if not options.once:
            _stay(console, server, platform, database)
    return results.sound


def _drill(console: Console, client: Tutela, events: int) -> Results:
    """Send the uploads, and look for one of them in the past."""
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
        tally = send(client, uploads, lambda: progress.advance(task))
    past = look_back(
        client,
        uploads,
        lambda name: console.print(f"Listing {name}, and looking for it in the past ..."),
    )
    console.print(_table(tally))
    if past is not None:
        console.print(past.line(), soft_wrap=True)
    return Results(uploads=tally, past=past)


def _conversations(console: Console, client: Tutela) -> Talks:
    """Hand in the conversations, and show what came of them."""
    console.print("Handing in conversations, message by message ...")
    talks = hand_in(client)
    show(console, talks)
    return talks


def _stage(
    console: Console, script: Path, server: Server, client: Tutela, key: str, folder: Path
) -> Server:
    """The process of the platform, with its destination made; it starts when it is entered."""
    console.print("Starting the platform ...")
    port = free_port(HOST, PLATFORM_PORT)
    address = f"http://{HOST}:{port}"
    given = {
        **os.environ,
        "TUTELA_URL": server.address,
        "TUTELA_KEY": key,
        "TUTELA_WEBHOOK_SECRET": connect_platform(client, address),
    }
    return platform_process(script, given, HOST, port, folder)


def _reader(database: Database) -> str:
    """A key of somebody who reviews cases."""
    account = Accounts(database).create("demo-reviewer", Role.REVIEWER)
    return Keys(database).create("demo-reviewer", Role.REVIEWER, account_id=account.id)[1]


def _scene(console: Console, client: Tutela, reader: Tutela, platform: Server) -> Scene:
    """Play the scene, and show what was seen and confirmed."""
    begins = partial(console.print, soft_wrap=True)
    scene = play(client, reader, platform.host, platform.port, begins)
    for sight in scene.sights:
        console.print(f"  {'seen' if sight.seen else 'NOT SEEN'}: {sight.text}", soft_wrap=True)
    table = Table(title="Asked of the platform, and confirmed by it")
    for name in ("action", "account", "done on the platform", "receipt", "state"):
        table.add_column(name)
    for one in scene.confirmations:
        row = (one.action.replace("_", " "), one.about, one.done, one.receipt, one.state)
        table.add_row(*row, style="" if one.state == "done" else "bold red")
    console.print(table)
    console.print(scene.line(), soft_wrap=True)
    return scene


def _table(tally: Tally) -> Table:
    table = Table(title="Drill: harmless pictures only")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in tally.rows():
        bad = "" if row.missed == row.wrong == 0 else "bold red"
        numbers = [getattr(row, name.replace(" ", "_")) for name in COLUMNS[1:]]
        table.add_row(row.kind, *(str(number) if number else "" for number in numbers), style=bad)
    return table


def _stay(console: Console, server: Server, platform: Server | None, database: Database) -> None:
    """Keep everything up until Ctrl-C."""
    code = Sessions(database).create_code(Role.ADMIN, CODE_LIFE, account_id=_visitor(database))
    if platform is not None:
        console.print(f"Platform:      {platform.address}  (be Robin, Mika or Ada)", soft_wrap=True)
    console.print(f"Console:       {server.address}/console", soft_wrap=True)
    console.print(f"Sign-in code:  {code}  (works once, within the hour)", soft_wrap=True)
    try:
        console.print("Ctrl-C stops the server.")
        while server.running and (platform is None or platform.running):
            time.sleep(0.2)
    except KeyboardInterrupt:
        console.print("\nStopping ...")
    else:
        name = "platform" if server.running else "server"
        raise Unavailable(f"the {name} has ended by itself")


def _visitor(database: Database) -> str:
    """An account for whoever looks around: what people decide needs a person."""
    accounts = Accounts(database)
    made = accounts.create(VISITOR, Role.ADMIN)
    # Nobody knows this password: the code is the way in.
    hashed = Passwords().hash(secrets.token_urlsafe(32))
    return accounts.set_password(made.id, hashed, by=PROGRAM_NAME).id


def _server(settings: Settings, env: dict[str, str], folder: Path) -> Server:
    return Server(
        [*PROGRAM, "serve"],
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
        # What is decided in the scene counts after seconds, so that nobody waits for a minute.
        "TUTELA_REVIEW_UNDO_SECONDS": "3",
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
