"""Programs that the tests of storage start, and kill.

Usage: storing.py record URL COUNT | import URL BANK COUNT PAUSE
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tutela.model import (
    ActionKind,
    Case,
    Content,
    Decision,
    Event,
    Match,
    NewEntry,
    Outcome,
    Reason,
    Signal,
    Verdict,
)
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal

CALLERS = 16
RECEIVED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def say(word: str) -> None:
    """One whole line, whatever other threads say."""
    os.write(1, f"{word}\n".encode())


def event(number: int) -> tuple[Event, Outcome, Case | None]:
    """Every third one matches and opens a case."""
    event_id = f"event-{number}"
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    content = Content(size=number, signals=(Signal(kind="sha256", value=digest),))
    matched = number % 3 == 0
    match = Match(
        bank="hills",
        bank_id=1,
        entry_id=number,
        kind="sha256",
        distance=0,
        exact=True,
        list_version=1,
    )
    case = Case(id=f"case-{number}", event_id=event_id, opened_at=RECEIVED_AT)
    found = (ActionKind.BLOCK, ActionKind.OPEN_CASE)
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.MATCH if matched else Verdict.CLEAR,
        received_at=RECEIVED_AT,
        drill=True,
        list_version=1,
        matches=(match,) if matched else (),
        gaps=(),
        decision=Decision(
            policy_version="policy-1",
            actions=found if matched else (ActionKind.ALLOW,),
            reasons=(Reason(rule="rule", text="Because of the rule"),),
        ),
        case_id=case.id if matched else None,
    )
    made = Event(id=event_id, digest=digest, received_at=RECEIVED_AT, contents=(content,))
    return made, outcome, case if matched else None


def record(url: str, count: int) -> None:
    """Record events from many callers; say the id of each that was acknowledged."""
    database = Database.open(url)
    with Journal(database) as journal, ThreadPoolExecutor(CALLERS) as pool:

        def one(number: int) -> None:
            made, outcome, case = event(number)
            say(journal.record(made, outcome, case).result(60).event_id)

        list(pool.map(one, range(count)))
    database.close()


def entries(count: int, pause: float) -> Iterator[NewEntry]:
    """Entries that come slowly, as from a slow file."""
    for number in range(count):
        if number % 1000 == 0:
            time.sleep(pause)
        value = hashlib.sha256(f"entry {number}".encode()).hexdigest()
        yield NewEntry(signals=(Signal(kind="pdq", value=value),))


def add(url: str, bank: str, count: int, pause: float) -> None:
    """Import entries into a bank; say how many are stored so far, then `done`."""
    database = Database.open(url)
    lists = Entries(database)
    lists.add(bank, entries(count, pause), progress=lambda done: say(str(done)))
    say("done")
    database.close()


if __name__ == "__main__":
    task, url, *rest = sys.argv[1:]
    if task == "record":
        record(url, int(rest[0]))
    else:
        add(url, rest[0], int(rest[1]), float(rest[2]))
