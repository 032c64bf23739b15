"""`tutela serve`: the server, in one process or in several."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import BadConfiguration
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import CONFIG_VARIABLE, Settings

if TYPE_CHECKING:
    import socket

    from tutela.model.custody.leaf import Fact


def serve(
    config: ConfigOption = None,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help="Server processes; 0: one per core.")
    ] = None,
) -> None:
    """Start the server: JSON API, console and metrics.

    Prints its address when it answers, and stops on Ctrl-C or SIGTERM once what is under way has
    been answered and stored. The options win over the settings of the same name.
    """
    # What this process is told, its workers must be told as well.
    os.environ.update(_as_environment(config, host, port, workers))
    settings = Settings.load()
    raise typer.Exit(_run(settings))


def _as_environment(
    config: Path | None, host: str | None, port: int | None, workers: int | None
) -> dict[str, str]:
    options = {
        CONFIG_VARIABLE: config,
        "TUTELA_SERVER_HOST": host,
        "TUTELA_SERVER_PORT": port,
        "TUTELA_SERVER_WORKERS": workers,
    }
    return {name: str(value) for name, value in options.items() if value is not None}


def _run(settings: Settings) -> int:
    # Here and not above: SQL and the web server take a second to load, which `--help` need not.
    from tutela.interfaces.web.server import FAILED, place, serve_on  # noqa: PLC0415

    _migrate(settings)
    workers = settings.server.workers or os.cpu_count() or 1
    listeners = _listen(settings, workers)
    _note(settings, workers)
    address = place(listeners[0])
    with _background(settings) as start_background:

        def ready() -> None:
            _tell(address)
            start_background()

        if workers == 1:
            return 0 if serve_on(listeners[0], ready) else FAILED
        return _run_several(settings, listeners, ready)


@contextmanager
def _background(settings: Settings) -> Iterator[Callable[[], None]]:
    """What starts the processes beside the server that are wanted; stops them at the end."""
    from tutela.interfaces.web.background import (  # noqa: PLC0415
        ACTIONS,
        CUSTODY,
        RESCANS,
        Background,
    )
    from tutela.telemetry import make_logger  # noqa: PLC0415

    log = make_logger(settings.log.level, as_json=settings.log.json, stream=sys.stderr)
    wanted = (
        (RESCANS, settings.rescan.worker),
        (ACTIONS, settings.actions.worker),
        (CUSTODY, settings.vault.worker),
    )
    with ExitStack() as running:
        processes = [
            running.enter_context(Background(command, os.environ, log))
            for command, wants in wanted
            if wants
        ]

        def stop() -> None:
            for process in processes:
                process.stop()

        running.callback(stop)  # all of them first: then each is waited for

        def start() -> None:
            for process in processes:
                process.start()

        yield start


def _run_several(
    settings: Settings, listeners: list[socket.socket], ready: Callable[[], None]
) -> int:
    from tutela.interfaces.web.processes import Processes  # noqa: PLC0415
    from tutela.telemetry import make_logger, share_metrics  # noqa: PLC0415

    log = make_logger(settings.log.level, as_json=settings.log.json, stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="tutela-metrics-") as folder:
        env = dict(os.environ)
        share_metrics(Path(folder), env)
        return Processes(listeners, env, log).run(ready)


def _migrate(settings: Settings) -> None:
    """Bring the database up to date once, before several workers would want to."""
    from tutela.storage.database import Database  # noqa: PLC0415

    database = Database.open(settings.database_url)
    try:
        database.migrate()
    finally:
        database.close()


def _note(settings: Settings, workers: int) -> None:
    """Tell the audit log that a server starts: one leaf, however many processes it has."""
    from tutela.model.custody.leaf import AuditKind  # noqa: PLC0415 - as in `_run`
    from tutela.storage.audit.change import leaf  # noqa: PLC0415
    from tutela.storage.audit.reading import AuditLog  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415

    facts: dict[str, Fact] = {
        "version": metadata.version("tutela"),
        "settings": settings.digest,
        "workers": workers,
    }
    database = Database.open(settings.database_url)
    try:
        AuditLog(database).write([leaf(AuditKind.START, user(), "server", "started", facts)])
    finally:
        database.close()


def _listen(settings: Settings, workers: int) -> list[socket.socket]:
    from tutela.interfaces.web.server import listen  # noqa: PLC0415

    host, port = settings.server.host, settings.server.port
    several = workers > 1
    try:
        listeners = [listen(host, port, several=several)]
        port = listeners[0].getsockname()[1]
        return listeners + [listen(host, port, several=several) for _ in range(workers - 1)]
    except OSError as problem:
        raise BadConfiguration(
            f"the server cannot listen there ({problem.strerror or problem})",
            where=f"{host}:{port}",
            remedy="stop what listens there, or set another server.host or server.port",
        ) from None


def _tell(address: str) -> None:
    typer.echo(f"Tutela answers at {address}")
