"""Does custody's work in a child process and kills it there; then looks at what is left.

    custody_steps.py FOLDER DATABASE_URL SEED KILLS

Started by `test_custody_crash.py`. The child is a fork, so that five hundred of them take a minute
and not an hour. Most are killed at a certain line of the program, the others after a certain time,
which may fall into the middle of a call to the system. What the child says to be done, it says on a
pipe; the parent then holds that against what it finds, and the next child goes on from there.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import tutela
from tutela.evidence.audit.findings import NOT_VERIFIED, SOUND
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.audit.witness import Witness
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.vault.folder import Folder
from tutela.evidence.vault.sealing import HEADER, TAG_BYTES
from tutela.evidence.vault.vault import Vault
from tutela.model import ActionKind, Case, Decision, Event, Outcome, Reason, Verdict
from tutela.model.custody.evidence import EvidenceKind, ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal

ROOT = Path(tutela.__file__).parent
WATCHED = (str(ROOT / "evidence"), str(ROOT / "storage"), str(ROOT / "merkle"))
"""Where a line counts as a point at which to be killed."""
STEPS = 8
"""Steps of a child that nobody kills."""
LINES = 6_000
"""Watched lines of about as many steps."""
CHUNK = 4096
"""Bytes that are sealed together: small, so that an object has several chunks."""
DETECTED_AT = datetime(2026, 11, 1, tzinfo=UTC)
TIMED = 0.25
"""Part of the children that are killed after a time."""
LONGEST_SECONDS = 0.25
ENDED_AT = DETECTED_AT + timedelta(days=1)
"""When the terms of half of the items have ended."""
LONG = DETECTED_AT + timedelta(days=40_000)


@dataclass
class Place:
    """Where the work is done; opened anew by each child, as by a process that starts."""

    folder: Path
    url: str

    def __post_init__(self) -> None:
        self.database = Database.open(self.url)
        self.keys = KeyFile.create(self.folder / "vault.key")
        self.store = Folder(self.folder / "vault")
        self.vault = Vault(self.store, self.keys, chunk_bytes=CHUNK)
        self.items = EvidenceItems(self.database)
        self.log = AuditLog(self.database)
        self.audit_key = AuditKey.create(self.folder / "audit.key")
        self.witness_folder = self.folder / "audit"

    def signer(self) -> Signer:
        return Signer(self.log, self.audit_key, Witness(self.witness_folder))

    def close(self) -> None:
        self.database.close()


def content(name: str) -> bytes:
    """What an item holds, by its name: from nothing to several chunks."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return random.Random(seed).randbytes(seed % (5 * CHUNK))  # noqa: S311 - no secret


class Child:
    """Does steps and says on a pipe what is done."""

    def __init__(self, place: Place, chance: random.Random, pipe: int) -> None:
        self._place, self._chance, self._pipe = place, chance, pipe

    def run(self) -> None:
        steps = (self.write, self.write, self.expire, self.append, self.rotate, self.sign)
        for _ in range(STEPS):
            self._chance.choice(steps)()

    def _say(self, what: str, **more: object) -> None:
        os.write(self._pipe, json.dumps({"what": what, **more}).encode() + b"\n")

    def write(self) -> None:
        """Seal bytes, and record the event with its item in the journal's one step."""
        name = f"{self._chance.getrandbits(64):016x}"
        ended = bool(self._chance.getrandbits(1))
        self._say("writing", item=name, ended=ended)
        sealed = self._place.vault.seal(content(name))
        item = _item(name, sealed.digests["sha256"], ended=ended, sealed=sealed)
        with Journal(self._place.database) as journal:
            event, outcome, case = _event(name)
            journal.record(event, outcome, case, items=[item]).result()
        self._say("written", item=name, ended=ended)

    def expire(self) -> None:
        """Destroy what is due, then discard its bytes."""
        for item in self._place.items.due(ENDED_AT, limit=2):
            destroyed = self._place.items.destroy(item.id, "tutela", ENDED_AT)
            self._say("destroyed", item=item.id)
            if destroyed is not None:
                self._place.vault.discard(destroyed)

    def append(self) -> None:
        leaf = NewLeaf(kind=AuditKind.LOOK, by="tutela", subject="a mountain", data={"n": 1})
        index = self._place.log.write([leaf] * self._chance.choice((1, 3)))
        self._say("appended", index=index)

    def rotate(self) -> None:
        """A new key, everything wrapped with it, and at times the old ones destroyed."""
        keys, items = self._place.keys, self._place.items
        current = keys.rotate()
        self._say("rotated", key=current)
        for stored in items.living(limit=1000):
            assert stored.wrapped is not None
            again = self._place.vault.rewrap(stored)
            items.rewrapped(stored.id, stored.wrapped, again.data, again.key_id)
        used = set(items.key_usage())
        for key_id in keys.key_ids():
            if key_id != current and key_id not in used:
                keys.retire(key_id)
                self._say("retired", key=key_id)

    def sign(self) -> None:
        checkpoint = self._place.signer().sign_if_more()
        if checkpoint is not None:
            self._say("signed", size=checkpoint.size, note=checkpoint.note)


def _event(name: str) -> tuple[Event, Outcome, Case]:
    event = Event(id=f"event-{name}", digest=name * 4, received_at=DETECTED_AT, drill=True)
    decision = Decision(
        policy_version="policy-1",
        actions=(ActionKind.PRESERVE, ActionKind.OPEN_CASE),
        reasons=(Reason(rule="rule", text="Because of the rule", principles=(1,)),),
    )
    case = Case(
        id=f"case-{name}",
        event_id=event.id,
        opened_at=DETECTED_AT,
        drill=True,
        principles=(1,),
        summary="A mountain",
    )
    outcome = Outcome(
        event_id=event.id,
        verdict=Verdict.NOT_CHECKED,
        received_at=DETECTED_AT,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decision,
        case_id=case.id,
    )
    return event, outcome, case


def _item(name: str, sha256: str, *, ended: bool, sealed: Any) -> NewItem:  # noqa: ANN401 - Sealed
    return NewItem(
        id=name,
        kind=EvidenceKind.CONTENT,
        state=ItemState.KEPT,
        drill=True,
        detected_at=DETECTED_AT,
        term=Term(keep="1 day", bound=Bound.MINIMUM, after=Moment.DETECTION),
        facts=ItemFacts(digests={"sha256": sha256}, salt="00" * 16),
        sealed=sealed,
        clock_at=DETECTED_AT,
        expires_at=ENDED_AT if ended else LONG,
    )


@dataclass
class Expected:
    """What the children have said so far, and the last thing that one had begun."""

    kept: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    leaves: int = 0
    signed: dict[int, str] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)

    def hear(self, line: bytes) -> None:
        """Take in one line; the last one may be torn, and was not said then."""
        if not line.endswith(b"\n"):
            return
        said = json.loads(line)
        self.said[said["what"]] += 1
        match said["what"]:
            case "writing":
                self.begun.add(said["item"])
                self.ended |= {said["item"]} if said["ended"] else set()
            case "written":
                self.kept.add(said["item"])
            case "destroyed":
                self.destroyed.add(said["item"])
            case "appended":
                self.leaves = max(self.leaves, said["index"] + 1)
            case "signed":
                self.signed[said["size"]] = said["note"]


def check(place: Place, expected: Expected) -> None:
    """Hold what is there against what was said; raises `AssertionError`."""
    found = {item.id: item for item in place.items.list(limit=1_000_000)}
    assert expected.kept <= set(found), "an item that was acknowledged is lost"
    assert set(found) <= expected.begun
    for name, item in found.items():
        stored = place.items.object_of(name)
        if item.state is ItemState.DESTROYED:
            assert name in expected.ended, "an item was destroyed before its time"
            assert stored is None or stored.wrapped is None
            assert "sha256" not in item.facts.digests
        else:
            assert name not in expected.destroyed, "a destroyed item is back"
            assert stored is not None
            assert b"".join(place.vault.read(stored)) == content(name)
    _check_blobs(place, expected)
    _check_log(place, expected)
    expected.kept = set(found)


def _check_blobs(place: Place, expected: Expected) -> None:
    """Whatever is visible in the store is whole, known or not."""
    known = {stored.id: stored for stored in place.items.living(limit=1_000_000)}
    blobs = {blob.name.rpartition("-")[2]: blob for blob in place.store.list()}
    assert set(known) <= set(blobs), "an object that is known is not in the store"
    sizes = {blobs[one].size - known[one].size for one in known}
    overhead = {_overhead(len(content(name))) for name in expected.begun}
    assert sizes <= overhead
    wholes = {len(content(name)) + _overhead(len(content(name))) for name in expected.begun}
    assert {blob.size for blob in blobs.values()} <= wholes, "a torn object is visible"


def _check_log(place: Place, expected: Expected) -> None:
    head = place.log.head()
    assert head.size >= max([expected.leaves, *expected.signed]), "an acknowledged leaf is lost"
    notes = {one.size: one.note for one in place.log.checkpoints()}
    assert expected.signed.items() <= notes.items(), "a checkpoint that was signed is lost"
    _verify(place)
    subjects = Counter((leaf.leaf.kind, leaf.subject) for leaf in place.log.leaves(0, head.size))
    for name in expected.kept:
        assert subjects[AuditKind.PRESERVE, name] == 1
        assert subjects[AuditKind.DECISION, f"event-{name}"] == 1
    for name in expected.destroyed:
        assert subjects[AuditKind.DESTROY, name] == 1


def _verify(place: Place) -> None:
    """The log verifies with its public key and its witness."""
    known = Witness(place.witness_folder).known()
    findings = verify_log(InDatabase(place.log), place.audit_key.verifier, known=known)
    assert findings.exit_code in {SOUND, NOT_VERIFIED}, "\n".join(findings.lines())
    if place.log.latest_checkpoint() is not None:
        assert findings.exit_code == SOUND


def _overhead(size: int) -> int:
    """Bytes that a blob has more than its content."""
    return HEADER.size + max(1, -(-size // CHUNK)) * TAG_BYTES


class Killer:
    """Ends this process at its so many-th watched line, as `kill -9` would."""

    def __init__(self, at: int, pipe: int) -> None:
        self._left, self._pipe = at, pipe

    def watch(self) -> None:
        threading.settrace(self._entered)
        sys.settrace(self._entered)

    def _entered(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        del event
        return self._line if frame.f_code.co_filename.startswith(WATCHED) else None

    def _line(self, frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                part = str(Path(frame.f_code.co_filename).relative_to(ROOT).parent)
                os.write(self._pipe, json.dumps({"what": f"killed in {part}"}).encode() + b"\n")
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def child(folder: Path, url: str, seed: int, pipe: int, killer: Killer | None) -> NoReturn:
    """Be a child: work until the end, or until killed."""
    status = 1
    try:
        place = Place(folder, url)
        if killer is not None:
            killer.watch()
        Child(place, random.Random(seed), pipe).run()  # noqa: S311 - no secret
        status = 0
    finally:
        sys.settrace(None)
        os._exit(status)


def kill_one(folder: Path, url: str, seed: int, lines: int, expected: Expected) -> bool:
    """Start a child, kill it, hear what it said; whether it was killed before its end."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    timed = chance.random() < TIMED
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        child(
            folder,
            url,
            seed,
            writing,
            None if timed else Killer(chance.randrange(1, lines), writing),
        )
    os.close(writing)
    if timed:
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        os.kill(process, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        for line in pipe:
            expected.hear(line)
    _, status = os.waitpid(process, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0, "a child failed"
    return killed


def run(folder: Path, url: str, seed: int, kills: int) -> Counter[str]:
    """Kill so many children, and look at what is left after each."""
    expected, killed, lines = Expected(), 0, LINES
    for number in itertools.count():
        if killed == kills:
            break
        died = kill_one(folder, url, seed * 100_000 + number, lines, expected)
        killed += died
        expected.said["children"] += 1
        place = Place(folder, url)
        try:
            check(place, expected)
            if number % 10 == 0:
                tidy(place)
        except AssertionError as problem:
            raise AssertionError(f"seed {seed}, child {number}: {problem}") from problem
        finally:
            place.close()
    finish(folder, url, expected)
    return expected.said


def tidy(place: Place) -> None:
    """What crashes left behind goes; what is known stays."""
    place.vault.tidy(datetime.now(UTC) + timedelta(seconds=1), place.items.known)
    blobs = {blob.name.rpartition("-")[2] for blob in place.store.list()}
    assert blobs == {stored.id for stored in place.items.living(limit=1_000_000)}


def finish(folder: Path, url: str, expected: Expected) -> None:
    """After all of it a child that nobody kills comes to its end, and everything holds."""
    place = Place(folder, url)
    try:
        place.signer().sign_if_more()
        Child(place, random.Random(0), os.open(os.devnull, os.O_WRONLY)).expire()  # noqa: S311
        place.signer().sign_if_more()
        check(place, expected)
        tidy(place)
    finally:
        place.close()


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))  # noqa: T201
