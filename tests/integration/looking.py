"""Gathers cases or uncovers pictures in processes that it kills, and in a last one that it lets be.

Usage: looking.py gather URL SEED | look URL SEED CASE=ACCOUNT...

Each process is a fork that has nothing open yet; so many of them cost little more than one. What
they say goes to the standard output, each word once what it says is durable.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence

from tutela.model.review.protection import ExposureKind, Limits
from tutela.storage.database import Database
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.together.gathering import Gathering

KILLS = 4
LOOKS = 12
"""Pictures that each person uncovers in one process."""
KINDS = (ExposureKind.REVEAL, ExposureKind.COVERED, ExposureKind.REVEAL)
FREELY = Limits(severe_items=0, minutes=0, pause_after=0)


def gather(database: Database, say: Callable[[str], None]) -> None:
    """Gather a few at a time, in two threads, until nothing is new."""

    def work() -> None:
        gathering = Gathering(database)
        while done := gathering.gather(1).looked:
            say(f"gathered {done}")

    _together([work, work])


def look(database: Database, say: Callable[[str], None], holding: Sequence[str]) -> None:
    """Uncover one picture after the other, everybody at once."""

    def looking(case_id: str, account_id: str) -> Callable[[], None]:
        def work() -> None:
            exposures = Exposures(database, FREELY)
            for number in range(LOOKS):
                item, kind = f"{account_id}:{os.getpid()}-{number}", KINDS[number % len(KINDS)]
                seen = exposures.begin(account_id, case_id, item, kind)
                say(f"began {seen.id}")
                if number % 2:
                    exposures.end(seen.id, account_id, 0.5)
                    say(f"ended {seen.id}")

        return work

    pairs = (one.split("=") for one in holding)
    _together([looking(case_id, account_id) for case_id, account_id in pairs])


def _together(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _child(what: str, url: str, rest: Sequence[str], out: int) -> None:
    database = Database.open(url)

    def say(word: str) -> None:
        os.write(out, f"{word}\n".encode())

    say("begun")
    if what == "gather":
        gather(database, say)
    else:
        look(database, say, rest)
    say("done")


def _forked(what: str, url: str, rest: Sequence[str]) -> tuple[int, int]:
    """A process at work, and where it says so."""
    said, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(said)
        try:
            _child(what, url, rest, out)
        finally:
            os._exit(0)
    os.close(out)
    return child, said


def main(what: str, url: str, seed: str, *rest: str) -> None:
    """Kill some processes at work, however slow the machine is; let the last one end."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for turn in range(KILLS + 1):
        child, said = _forked(what, url, rest)
        with os.fdopen(said) as lines:
            wanted = chance.randint(1, 4) if turn < KILLS else None
            while wanted != 0 and (line := lines.readline()):
                sys.stdout.write(line)
                wanted = None if wanted is None else wanted - 1
            if turn < KILLS:
                time.sleep(chance.uniform(0, 0.01))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            sys.stdout.writelines(line for line in lines if line.endswith("\n"))
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
