"""`tutela evidence work`: the process that lets evidence expire and signs the audit log."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from tutela.interfaces.cli.custody.opening import makers, opened
from tutela.interfaces.cli.settings import ConfigOption


def work(
    *,
    attached: Annotated[
        bool, typer.Option("--attached", help="Stop when standard input ends.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Let evidence expire, sign the audit log and raise alarms until stopped.

    `tutela serve` runs this beside itself unless vault.worker is off. Several may run.
    """
    from tutela.evidence.audit.opening import open_signer  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.opening import open_vault  # noqa: PLC0415
    from tutela.evidence.vault.standby import Standby  # noqa: PLC0415
    from tutela.storage.events import Events  # noqa: PLC0415
    from tutela.storage.past.people import People  # noqa: PLC0415
    from tutela.workflows.custody.remaking import Remaking  # noqa: PLC0415
    from tutela.workflows.custody.working import Also, Custodian, Every  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if attached:
        threading.Thread(target=_wait_for_end, args=[stop], daemon=True).start()
    with opened(config) as place:
        settings, log = place.settings, place.log()
        found = makers()
        vault = Standby(lambda: open_vault(settings, found), log)
        place.opened.callback(vault.close)
        every = Every(settings.vault.expire_seconds, settings.audit.checkpoint_seconds)
        sign = open_signer(settings, place.audit).sign_if_more
        remaking = Remaking(place.items, Events(place.database), People(place.database))
        Custodian(
            *(place.items, vault.vault, place.audit, log, every),
            also=Also(sign, remaking),
            stop=stop,
        ).run()


def _wait_for_end(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()
