"""Twenty reviewers who decide, in a process that the tests kill.

Usage: reviewing.py URL NAME...     decide until nothing is left for anybody
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from datetime import timedelta

from tutela.model.review.reading import ReviewOutcome
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.refusals import ClaimLost, TooLateToUndo

LEASE = timedelta(seconds=1)
UNDONE = 0.1


def say(word: str) -> None:
    """One whole line, whatever other threads say."""
    os.write(1, f"{word}\n".encode())


def work(database: Database, account_id: str) -> None:
    """Claim, decide, and now and then take it back, until there has been nothing for a while."""
    claims, readings = Claims(database, LEASE), Readings(database)
    chance, idle_since = random.Random(account_id), time.monotonic()  # noqa: S311 - no secret
    while time.monotonic() - idle_since < 2 * LEASE.total_seconds():
        claim = claims.next(account_id)
        if claim is None:
            time.sleep(0.05)
            continue
        idle_since = time.monotonic()
        new = NewReading(revision=claim.revision, outcome=ReviewOutcome.HARMLESS)
        try:
            given = readings.give(claim.token, new, account_id)
            say(f"given {claim.case_id} {given.id}")
            if chance.random() < UNDONE:
                readings.undo(given.id, account_id)
                say(f"undone {claim.case_id} {given.id}")
        except (ClaimLost, TooLateToUndo):
            continue  # on a slow machine a lease lapses, or somebody was quicker


def main(url: str, names: list[str]) -> None:
    """Let everybody work at once."""
    database = Database.open(url)
    found = {one.name: one.id for one in Accounts(database).list()}
    threads = [threading.Thread(target=work, args=(database, found[name])) for name in names]
    say("begun")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
