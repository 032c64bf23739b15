"""Programs that the tests of backups start, and kill.

Usage, with the settings in the environment:
    backing.py fill COUNT           store events with evidence
    backing.py write                store more, as fast as it goes, until standard input ends
    backing.py make DIR KEY AT      make a generation, and die at the AT-th change of a file
    backing.py restore DIR KEY AT   restore the latest, likewise; an AT of 0 lets it live
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tutela.evidence.audit.opening import open_signer
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.folder import BackupFolder
from tutela.evidence.backup.making import Making, Protection
from tutela.evidence.backup.restoring import Restoring
from tutela.evidence.opening import open_store, open_vault
from tutela.evidence.vault.vault import Vault
from tutela.model import (
    ActionKind,
    Case,
    Content,
    Decision,
    Event,
    Match,
    Outcome,
    Reason,
    Signal,
    Verdict,
)
from tutela.model.custody.evidence import EvidenceKind, ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.terms import Bound, Moment
from tutela.settings import Settings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.journal import Journal

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TERM = Term(keep="1 year", bound=Bound.EXACT, after=Moment.DETECTION)
WRITERS = 4
CHANGES = {"open", "os.rename", "os.link", "os.remove", "sqlite3.connect"}
"""Where a program may die, by Python's own audit events."""


def item(vault: Vault, event_id: str) -> NewItem:
    """Evidence that lies in the vault."""
    sealed = vault.seal(f"a harmless line about {event_id}\n".encode() * 500)
    return NewItem(
        id=f"item-{event_id}",
        kind=EvidenceKind.CONTENT,
        state=ItemState.KEPT,
        drill=True,
        detected_at=AT,
        term=TERM,
        facts=ItemFacts(digests=sealed.digests, salt="0c" * 16),
        sealed=sealed,
        expires_at=AT + timedelta(days=365),
    )


def event(event_id: str) -> tuple[Event, Outcome, Case]:
    """One that matches and opens a case."""
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    content = Content(size=9, signals=(Signal(kind="sha256", value=digest),))
    case = Case(id=f"case-{event_id}", event_id=event_id, opened_at=AT, drill=True)
    match = Match(
        bank="hills",
        bank_id=1,
        entry_id=1,
        kind="sha256",
        distance=0,
        exact=True,
        list_version=1,
    )
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.MATCH,
        received_at=AT,
        drill=True,
        list_version=1,
        matches=(match,),
        gaps=(),
        decision=Decision(
            policy_version="policy-1",
            actions=(ActionKind.HOLD, ActionKind.OPEN_CASE),
            reasons=(Reason(rule="rule", text="Because of the rule"),),
        ),
        case_id=case.id,
    )
    made = Event(id=event_id, digest=digest, received_at=AT, drill=True, contents=(content,))
    return made, outcome, case


def store(settings: Settings, prefix: str, numbers: range, stop: threading.Event) -> None:
    """Store events with their evidence from several threads; say the id of each."""
    database, vault = Database.open(settings.database_url), open_vault(settings)
    database.migrate()
    with Journal(database) as journal, ThreadPoolExecutor(WRITERS) as pool:

        def one(number: int) -> None:
            if stop.is_set():
                return
            event_id = f"{prefix}-{number}"
            kept = [item(vault, event_id)]
            journal.record(*event(event_id), items=kept).result(60)
            os.write(1, f"{event_id}\n".encode())

        list(pool.map(one, numbers))
    open_signer(settings, AuditLog(database)).sign_if_more()
    vault.close()
    database.close()


def write(settings: Settings) -> None:
    """Store until standard input ends."""
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    store(settings, "written", range(1_000_000), stop)


def die_at(number: int) -> None:
    """Be killed at the so-manieth change of a file from here on; never at 0."""
    changes = 0

    def count(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes
        writes = name != "open" or (isinstance(arguments[2], int) and arguments[2] & os.O_CREAT)
        if name in CHANGES and writes:
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def make(settings: Settings, folder: Path, key: Path) -> None:
    """Make a generation."""
    database = Database.open(settings.database_url)
    recipient = Identities.read(key).recipient
    Making(
        database=database,
        store=open_store(settings),
        settings=settings,
        by="cli:anna",
        progress=lambda _what, _more: None,
    ).make(BackupFolder(folder, create=True), Protection(recipients=(recipient,)), keep=2)


def restore(settings: Settings, folder: Path, key: Path) -> None:
    """Restore the latest generation."""
    source = BackupFolder(folder)
    Restoring(
        settings=settings, by="cli:anna", progress=lambda _what, _more: None, replace=True
    ).restore(source, source.find(None), Identities.read(key))


def main() -> None:
    """Do what is asked for; die where it is to die."""
    settings, (task, *rest) = Settings.load(), sys.argv[1:]
    if task == "fill":
        store(settings, "filled", range(int(rest[0])), threading.Event())
    elif task == "write":
        write(settings)
    else:
        die_at(int(rest[2]))
        {"make": make, "restore": restore}[task](settings, Path(rest[0]), Path(rest[1]))


if __name__ == "__main__":
    main()
