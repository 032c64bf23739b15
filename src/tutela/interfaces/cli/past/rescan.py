"""`tutela rescan`: compare the past with grown lists, or decide about it with other rules."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Protocol

import msgspec
import typer
from rich.console import Console

from tutela.errors import InvalidInput
from tutela.interfaces.cli.past.view import progress_bar, summary, table_of
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model import Rescan, RescanState
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.database import Database
    from tutela.storage.past.rescans import NewRescan, Rescans

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Compare the past with grown lists, or with other rules.",
)

CURRENT = "current"
"""Names the policy in force."""
POLL_SECONDS = 0.2
FAILED = 1

NumberArgument = Annotated[int, typer.Argument(metavar="ID", help="Number of the re-scan.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait for its end, with a progress bar.")]


class Worker(Protocol):
    """What works on re-scans; see `tutela.workflows.worker`."""

    def run(self) -> None:
        """Work until told to stop."""

    def run_one(self, number: int) -> bool:
        """Work on one re-scan; False where it is not free."""


@app.command()
def start(  # noqa: PLR0913 - one option each
    *,
    bank: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare every entry of this bank.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came in from then on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came in before then (ISO 8601).")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="What would this policy have decided? `current`, or a version that was kept.",
        ),
    ] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="With --policy: store an event for each other decision."),
    ] = False,
    here: Annotated[
        bool, typer.Option("--here", help="Work in this process, now, at full speed.")
    ] = False,
    wait: WaitOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Queue a re-scan of a bank, of a time range with all banks, or of a policy.

    A server's background process works on it, or this one with --here. A policy re-scan changes
    nothing and creates no event without --record.

    Exit codes: 0 done or queued, 1 it failed or was cancelled.
    """
    settings = Settings.load(config)
    with _database(settings) as database:
        rescans = _rescans_of(database)
        text, version = _policy(database, settings, policy) if policy is not None else ("", "")
        new = new_rescan(since, until, bank=bank, policy=text, version=version, record=record)
        asked = rescans.ask(new, user())
        if here:
            _work_here(settings, asked.id)
        if not (here or wait):
            _show(asked, as_json=as_json)
            return
        _show_end(rescans, asked.id, as_json=as_json)


@app.command("list")
def list_rescans(
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to list.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the latest re-scans, and where each stands."""
    with _rescans(Settings.load(config)) as rescans:
        found = rescans.list(limit=limit)
    if as_json:
        _print_json(found)
        return
    Console().print(table_of(found) if found else "No re-scan yet.")


@app.command()
def show(
    number: NumberArgument,
    *,
    wait: WaitOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show a re-scan: where it stands, what it found, what it could not compare.

    Exit codes with --wait: 0 done, 1 it failed or was cancelled.
    """
    with _rescans(Settings.load(config)) as rescans:
        if wait:
            _show_end(rescans, number, as_json=as_json)
            return
        found = rescans.get(number)
        ids = [file.event.id for file in rescans.findings(number, limit=20)]
    _show(found, as_json=as_json, findings=ids)


@app.command()
def pause(number: NumberArgument, *, config: ConfigOption = None) -> None:
    """Stop a re-scan for now; `resume` lets it go on where it stood."""
    with _rescans(Settings.load(config)) as rescans:
        rescans.pause(number, by=user())
    typer.echo(f"Re-scan {number} is paused.")


@app.command()
def resume(number: NumberArgument, *, config: ConfigOption = None) -> None:
    """Let a paused or failed re-scan go on where it stood."""
    with _rescans(Settings.load(config)) as rescans:
        rescans.resume(number, by=user())
    typer.echo(f"Re-scan {number} goes on when a process is free.")


@app.command()
def cancel(number: NumberArgument, *, config: ConfigOption = None) -> None:
    """End a re-scan; what it found stays."""
    with _rescans(Settings.load(config)) as rescans:
        rescans.cancel(number, by=user())
    typer.echo(f"Re-scan {number} is cancelled.")


@app.command()
def work(
    *,
    attached: Annotated[
        bool, typer.Option("--attached", help="Stop when standard input ends.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Work on re-scans until stopped, and delete signals whose time is over.

    `tutela serve` runs this beside itself unless rescan.worker is off. Several may run, on several
    machines: each re-scan is worked on by one of them, and taken over from one that dies.
    """
    settings = Settings.load(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if attached:
        threading.Thread(target=_wait_for_end, args=[stop], daemon=True).start()
    with _worker(settings, stop) as worker:
        worker.run()


def _wait_for_end(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


def _work_here(settings: Settings, number: int) -> None:
    """Work on one re-scan at full speed; a server's process may have been quicker to take it."""
    with _worker(settings, threading.Event(), full_speed=True) as worker:
        worker.run_one(number)


@contextmanager
def _worker(
    settings: Settings, stop: threading.Event, *, full_speed: bool = False
) -> Iterator[Worker]:
    from tutela.telemetry import make_logger  # noqa: PLC0415 - not for `--help`

    # By its name, because it stands above this row; before the log, which would tell of its parts.
    assembly = import_module("tutela.app")
    # By hand, the progress bar and the summary say all that there is to say.
    level = "warning" if full_speed else settings.log.level
    log = make_logger(level, as_json=settings.log.json, stream=sys.stderr)
    with assembly.worker(settings, log, stop, full_speed=full_speed) as worker:
        yield worker


def work_here(settings: Settings, database: Database, new: NewRescan, *, as_json: bool) -> None:
    """Do a re-scan in this process, show it, and end with the exit code that it deserves."""
    rescans = _rescans_of(database)
    asked = rescans.ask(new, user())
    _work_here(settings, asked.id)
    _show_end(rescans, asked.id, as_json=as_json)


@contextmanager
def _rescans(settings: Settings) -> Iterator[Rescans]:
    with _database(settings) as database:
        yield _rescans_of(database)


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.database import Database  # noqa: PLC0415

    database = Database.open(settings.database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _rescans_of(database: Database) -> Rescans:
    from tutela.storage.past.rescans import Rescans  # noqa: PLC0415 - as above

    return Rescans(database)


def _policy(database: Database, settings: Settings, wanted: str) -> tuple[str, str]:
    """The text and the version of a policy that is kept, or of the one in force."""
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415 - as above

    versions = PolicyVersions(database)
    version = versions.begun(settings.policy.file).live if wanted == CURRENT else wanted
    return versions.policies.text(version), version


def new_rescan(
    since: str | None,
    until: str | None,
    *,
    bank: str | None = None,
    policy: str = "",
    version: str = "",
    record: bool = False,
) -> NewRescan:
    """A re-scan from what was typed; raises `InvalidInput` for what is no point in time."""
    from tutela.storage.past.rescans import NewRescan  # noqa: PLC0415 - as above

    return NewRescan(
        bank=bank,
        since=_time(since, "--since"),
        until=_time(until, "--until"),
        policy=policy,
        policy_version=version,
        record=record,
    )


def _time(text: str | None, option: str) -> datetime | None:
    """A point in time; without a time zone it is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "this is no point in time", where=option, remedy="write 2026-11-22T10:30:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show(rescan: Rescan, *, as_json: bool, findings: Sequence[str] = ()) -> None:
    if as_json:
        _print_json(rescan)
    else:
        typer.echo(summary(rescan, findings))


def _show_end(rescans: Rescans, number: int, *, as_json: bool) -> None:
    """Wait for the end of a re-scan, show it, and end with the exit code that it deserves."""
    found = _waited(rescans, number)
    _show(found, as_json=as_json)
    if found.state is not RescanState.DONE:
        raise typer.Exit(FAILED)


def _waited(rescans: Rescans, number: int) -> Rescan:
    found = rescans.get(number)
    with progress_bar() as progress:
        task = progress.add_task("Comparing", total=1.0)
        while not found.state.ended and found.state is not RescanState.PAUSED:
            progress.update(task, completed=found.progress)
            time.sleep(POLL_SECONDS)
            found = rescans.get(number)
        progress.update(task, completed=found.progress)
    return found


def _print_json(what: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
