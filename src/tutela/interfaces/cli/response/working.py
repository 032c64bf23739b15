"""`tutela actions work`: the process that sends actions to their destinations."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.interfaces.cli.response.opening import opened
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from tutela.workflows.sending.delivering import Delivering


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
    log = make_logger(settings.log.level, as_json=settings.log.json, stream=sys.stderr)
    with _delivering(config, settings, log, stop) as delivering:
        delivering.run()


def _wait_for_end(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


@contextmanager
def _delivering(
    config: ConfigOption, settings: Settings, log: FilteringBoundLogger, stop: threading.Event
) -> Iterator[Delivering]:
    """What sends actions, ready; closed when the block is left.

    It is put together here and not with the server: it needs neither index nor decoders, and loads
    in half the time.
    """
    from tutela.outgoing import Outgoing, Reach  # noqa: PLC0415 - not for `--help`
    from tutela.response.secrets import Secrets  # noqa: PLC0415
    from tutela.storage.outbox.work import Outbox  # noqa: PLC0415
    from tutela.workflows.sending.circuit import Patience  # noqa: PLC0415
    from tutela.workflows.sending.delivering import (  # noqa: PLC0415
        ANSWER_BYTES,
        LEASE,
        Delivering,
    )

    actions = settings.actions
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    patience = Patience(
        first=actions.retry_first, longest=actions.retry_longest, attempts=actions.attempts
    )
    with opened(config) as database:
        yield Delivering(
            Outbox(database, holder, LEASE),
            Outgoing(Reach(seconds=actions.timeout, bytes=ANSWER_BYTES)),
            Secrets.open(settings.actions_key_file),
            log,
            stop=stop,
            at_once=actions.at_once,
            patience=patience,
        )
