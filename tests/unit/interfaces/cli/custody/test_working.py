from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import AuditLog
from tutela.storage.custody_tables import audit_head

if TYPE_CHECKING:
    from tests.unit.interfaces.cli.custody.conftest import Folder

PROGRAM = (sys.executable, "-c", "from tutela.interfaces.cli.main import run; run()")
WAIT_SECONDS = 120
SETTINGS = {
    "TUTELA_VAULT_EXPIRE_SECONDS": "0.1",
    "TUTELA_AUDIT_CHECKPOINT_SECONDS": "0.1",
    "TUTELA_LOG_LEVEL": "error",
}


def begin(folder: Folder, *arguments: str) -> subprocess.Popen[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
    return subprocess.Popen(
        [*PROGRAM, "evidence", "work", *arguments],
        env=env | SETTINGS | {"TUTELA_DATA_FOLDER": str(folder.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for_destroying(folder: Folder, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not folder.leaves(AuditKind.DESTROY):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)


def test_attached_it_lets_expire_what_is_due_and_ends_with_its_standard_input(
    folder: Folder,
) -> None:
    content, _ = folder.items(folder.keep())
    folder.end(content.id)
    process = begin(folder, "--attached")
    wait_for_destroying(folder, process)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert len(list((folder.path / "vault").rglob("*-*"))) == 1
    assert folder.leaves(AuditKind.CLOCK)[0].by == "tutela"


# As where a whole group of processes is told to end: the standard input stays open meanwhile.
@pytest.mark.parametrize("arguments", [(), ("--attached",)])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told(
    folder: Folder, number: signal.Signals, arguments: tuple[str, ...]
) -> None:
    content, _ = folder.items(folder.keep())
    folder.end(content.id)
    process = begin(folder, *arguments)
    wait_for_destroying(folder, process)
    process.send_signal(number)
    process.wait(WAIT_SECONDS)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, err) == (0, b"")


def test_it_signs_the_audit_log_and_raises_the_alarm_where_that_was_altered(
    folder: Folder,
) -> None:
    folder.keep()
    with closing(folder.database()) as database:
        log, process = AuditLog(database), begin(folder, "--attached")
        until = time.monotonic() + WAIT_SECONDS
        while log.latest_checkpoint() is None:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        with database.write() as connection:
            connection.execute(update(audit_head).values(origin="tutela-0123456789abcdef"))
        assert process.stderr is not None
        assert b"tampered" in process.stderr.readline()
    process.communicate(timeout=WAIT_SECONDS)
