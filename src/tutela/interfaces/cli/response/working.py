"""`tutela actions work`: the process that sends actions to their destinations."""

from __future__ import annotations

import signal
import sys
import threading
from importlib import import_module
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings


def work(
    *,
    attached: Annotated[
        bool, typer.Option("--attached", help="Stop when standard input ends.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Send actions to their destinations until stopped, and raise alarms.

    `tutela serve` runs this beside itself unless actions.worker is off. Several may run, on several
    machines: each action is sent by one of them, and by another one if that dies.
    """
    from tutela.telemetry import make_logger  # noqa: PLC0415 - not for `--help`

    settings = Settings.load(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if attached:
        threading.Thread(target=_wait_for_end, args=[stop], daemon=True).start()
    # By its name, because it stands above this row; before the log, which would tell of its parts.
    assembly = import_module("tutela.app")
    log = make_logger(settings.log.level, as_json=settings.log.json, stream=sys.stderr)
    with assembly.deliverer(settings, log, stop) as delivering:
        delivering.run()


def _wait_for_end(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(1):
        pass
    stop.set()
