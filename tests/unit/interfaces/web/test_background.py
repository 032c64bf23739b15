from __future__ import annotations

import os
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from tutela.interfaces.web import background
from tutela.interfaces.web.background import ACTIONS, RESCANS, Background


def test_one_that_ends_is_told_and_started_again() -> None:
    entries: list[dict[str, object]] = []
    told = threading.Event()

    def keep(_: object, level: str, entry: MutableMapping[str, Any]) -> dict[str, object]:
        entries.append({"log_level": level, **entry})
        told.set()
        raise structlog.DropEvent

    log = structlog.wrap_logger(None, processors=[keep])
    with Background(("no-such-command",), os.environ, log) as process:
        process.start()
        assert told.wait(120)
    assert entries[0] == {
        "event": "a process beside the server ended",
        "log_level": "error",
        "command": "tutela no-such-command",
        "status": 2,
        "pause": 1.0,
    }


def test_one_that_was_never_started_needs_no_end() -> None:
    with Background(ACTIONS, os.environ, structlog.get_logger()):
        pass


def test_commands_are_those_of_our_own_program() -> None:
    assert background.PROGRAM[0] == sys.executable
    assert RESCANS[-1] == ACTIONS[-1] == "--attached"
