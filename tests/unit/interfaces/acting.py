"""Somebody with a key and somebody in the console, with something to change for each route."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec
import pyotp
from sqlalchemy import insert, update
from tests.unit.interfaces.finding import Found, keep
from tests.unit.storage.review.filing import Filed, file_cases

from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.console.sign_in import COOKIE
from tutela.interfaces.services import Services
from tutela.model import (
    ActionKind,
    ActionMessage,
    Decision,
    Delivery,
    Event,
    EventKind,
    NewEntry,
    Outcome,
    Reason,
    Severity,
    Signal,
    Verdict,
)
from tutela.model.custody.evidence import Hold
from tutela.model.custody.leaf import Leaf
from tutela.model.review.queue import Queue, QueueFilter
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.past.rescans import NewRescan, Rescans
from tutela.storage.review.queues import Queues
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import deliveries, parkings
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

MANUAL = Path(__file__).parents[3] / "docs/reference/audit-kinds.md"
NUMBERS = itertools.count(1)
TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for one in an address
URL = f"http://127.0.0.1:1/{TOKEN}"
NOTE = "words-of-somebody"
PASSWORD = "four words of nobody"  # noqa: S105 - a test's own
FORM = "application/x-www-form-urlencoded"
LINES = b"type,value\r\nmd5,%b\r\n"


def code_of(services: Services, account_id: str, generation: int, later: int = 0) -> str:
    """What an authenticator shows now, or some steps of time later."""
    secret = Authenticators(services.secrets).secret(account_id, generation)
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * later)


def value() -> str:
    """A signal that nothing has."""
    return f"{next(NUMBERS):032x}"


def policy() -> str:
    """The text of a policy that is like no other."""
    return (
        f"policy: drill-{next(NUMBERS)}\nowner: safety\nrules:\n"
        "  - name: all\n    when: matches.exists(m, m.trusted)\n"
        "    actions: [block, open_case]\n    reason: Wait.\n    notice: It waits.\n"
    )


def unexplained(leaves: Iterable[Leaf]) -> set[tuple[str, str]]:
    """Kinds of leaves with names of data that the manual does not explain with the kind."""
    _, *sections = re.split(r"^## `(\w+)`$", MANUAL.read_text(), flags=re.MULTILINE)
    told = dict(zip(sections[::2], sections[1::2], strict=True))
    return {
        (leaf.kind.value, name)
        for leaf in leaves
        for name in leaf.data
        if f"`{name.removesuffix('_before')}`" not in told[leaf.kind]
    }


class Things:
    """Makes what is to be changed, in the name of nobody.

    Attributes:
        secrets: what may stand in no leaf.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.secrets = {TOKEN, NOTE}

    def bank(self, *, enabled: bool = True) -> str:
        name = f"bank-{next(NUMBERS)}"
        return Banks(self._database).create(name, trusted=True, drill=True, enabled=enabled).name

    def listed(self) -> str:
        """A bank with an entry."""
        bank = self.bank()
        self.entry(bank)
        return bank

    def entry(self, bank: str = "") -> int:
        signal = Signal(kind="md5", value=value())
        self.secrets.add(signal.value)
        new = NewEntry(signals=(signal,), label=NOTE, note=NOTE)
        return Entries(self._database).add(bank or self.bank(), [new]).first_id

    def parking(self) -> int:
        entry = Entries(self._database).get(self.entry())
        row = {"entry_id": entry.id, "bank_id": entry.bank_id, "parked_at": now(), "note": ""}
        with self._database.write() as connection:
            made = insert(parkings).returning(parkings.c.id)
            found = connection.execute(made, {**row, "contents": 9, "allowed": 1})
            return int(found.scalar_one())

    def rescan(self, *, paused: bool = False) -> int:
        rescans = Rescans(self._database)
        number = rescans.ask(NewRescan(bank=self.bank()), "tutela").id
        return rescans.pause(number).id if paused else number

    def destination(self, *, enabled: bool = True) -> str:
        kept, name = Destinations(self._database), f"platform-{next(NUMBERS)}"
        kept.create(name, URL, actions=(ActionKind.BLOCK,), private=True)
        return kept.change(name, enabled=enabled).name

    def delivery(self, *, failed: bool = False) -> str:
        """An action on its way to a destination of its own."""
        at, number = now(), next(NUMBERS)
        message = ActionMessage(
            id=f"act-{number}",
            action=ActionKind.BLOCK,
            event_id=f"event-{number}",
            event_kind=EventKind.UPLOAD,
            received_at=at,
            decided_at=at,
            policy_version="p",
        )
        sent = Delivery(
            id=message.id,
            destination=self.destination(),
            message=message,
            created_at=at,
            confirm_by=at + timedelta(hours=1),
            next_at=at,
        )
        decision = Decision(
            policy_version="p", actions=(), reasons=(Reason(rule="r", text="Because."),)
        )
        outcome = Outcome(
            event_id=message.event_id,
            verdict=Verdict.CLEAR,
            received_at=at,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            decision=decision,
        )
        event = Event(id=message.event_id, digest="0f" * 32, received_at=at)
        with Journal(self._database) as journal:
            journal.record(event, outcome, None, (sent,)).result(60)
        if failed:
            with self._database.write() as connection:
                own = update(deliveries).where(deliveries.c.id == sent.id)
                connection.execute(own.values(state="failed", ended_at=now(), next_at=None))
        return sent.id

    def case(self, *, into: str = "", severity: Severity = Severity.MEDIUM) -> str:
        """A case that waits, of an actor of its own; or one that stands in another."""
        name = f"filed-{next(NUMBERS)}"
        actor = into.removeprefix("case-") or name
        self.secrets |= {f"actor-{actor}"}
        filed = Filed(name, actor=f"actor-{actor}", summary=NOTE, severity=severity)
        file_cases(self._database, [filed])
        Gathering(self._database).gather()
        return f"case-{name}"

    def queue(self) -> str:
        """A queue that takes nothing."""
        name = f"queue-{next(NUMBERS)}"
        nowhere = QueueFilter(regions=("XX",))
        return Queues(self._database).put(Queue(name=name, position=1, filter=nowhere)).name

    def other_policy(self) -> str:
        """Put another policy in force; the version that was live before."""
        versions = PolicyVersions(self._database)
        before = versions.begun("")
        versions.activate(Policy.load(policy(), "drill"), by="")
        return before.live


class Seat(NamedTuple):
    """Somebody with an account who sits at the console."""

    account: str
    csrf: str
    cookie: dict[str, str]


class World(Things):
    """An application, with somebody who has a key and somebody in the console.

    Attributes:
        by: the one of them who has last asked for something.
        cookie: of the console's session, which is nobody's in particular.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(api.services.database)
        self.api, self.services = api, api.services
        life = timedelta(minutes=30)
        session, token = self.services.sessions.open("admin", idle=life, life=life)
        self.session = session.name
        self.key = "key:" + api.keys["admin"].split("_")[1]
        self._csrf, self.cookie = session.csrf, {"cookie": f"{COOKIE}={token}"}
        self.secrets |= {*api.keys.values(), token, session.csrf}
        self.by = ""
        self.seats: dict[str, Seat] = {}

    def post(self, path: str, document: object = None) -> Answer:
        self.by = self.key
        return self.api.post(path, {} if document is None else document)

    def send(self, method: str, path: str, document: object = None) -> Answer:
        self.by = self.key
        return self.api.send(method, path, {} if document is None else document)

    def submit(self, path: str, **fields: str) -> Answer:
        """Send a form of the console."""
        self.by = self.session
        body = urlencode({"csrf": self._csrf, **fields}).encode()
        return self._submit(path, body, FORM)

    def upload(self, path: str, data: bytes) -> Answer:
        """Send a form of the console with a file."""
        self.by = self.session
        part = 'Content-Disposition: form-data; name="{}"'.format
        text = (
            f"--x\r\n{part('csrf')}\r\n\r\n{self._csrf}\r\n"
            f'--x\r\n{part("file")}; filename="list.csv"\r\n\r\n{data.decode()}\r\n--x--\r\n'
        )
        return self._submit(path, text.encode(), "multipart/form-data; boundary=x")

    def _submit(self, path: str, body: bytes, kind: str) -> Answer:
        path = f"/console{path}"
        return self.api.ask("POST", path, body, role="", kind=kind, headers=self.cookie)

    def sign_in(self) -> Answer:
        code = self.services.sessions.create_code("reviewer", timedelta(minutes=1))
        self.secrets |= {code, code.replace("-", "")}
        body = urlencode({"secret": code}).encode()
        answer = self.api.ask("POST", "/console/sign-in", body, role="", kind=FORM)
        token = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
        session = self.services.sessions.find(token)
        assert session is not None
        self.secrets |= {token, session.csrf}
        self.by = session.name
        return answer

    def person(self, role: str = "admin") -> Seat:
        """Somebody with an account, signed in to the console."""
        accounts, life = self.services.accounts, timedelta(minutes=30)
        account = accounts.create(f"person-{next(NUMBERS)}", role)
        self.secrets.add(account.name)
        opened = self.services.sessions.open(role, idle=life, life=life, account_id=account.id)
        self.secrets |= {opened[1], opened[0].csrf}
        seat = Seat(account.id, opened[0].csrf, {"cookie": f"{COOKIE}={opened[1]}"})
        self.seats[account.id] = seat
        return seat

    def submit_as(self, seat: Seat, path: str, **fields: str) -> Answer:
        """Send a form of the console as somebody."""
        self.by = f"person:{seat.account}"
        body = urlencode({"csrf": seat.csrf, **fields}).encode()
        path = f"/console{path}"
        return self.api.ask("POST", path, body, role="", kind=FORM, headers=seat.cookie)

    def read_by(self, case_id: str) -> str:
        """The key of somebody who has claimed a case."""
        account = self.services.accounts.create(f"reader-{next(NUMBERS)}", "reviewer")
        self.services.claims.take(case_id, account.id)
        made = self.services.keys.create(NOTE, "reviewer", account_id=account.id)
        self.secrets |= {made[1], account.name}
        return made[1]

    def post_as(
        self, key: str, path: str, document: object = None, *, method: str = "POST"
    ) -> Answer:
        """Send JSON with the key of somebody with an account."""
        account = self.services.keys.verify(key)
        assert account is not None
        self.by = f"person:{account.account_id}"
        body = msgspec.json.encode({} if document is None else document)
        headers = {"authorization": f"Bearer {key}"}
        return self.api.ask(method, path, body, role="", kind="application/json", headers=headers)

    def get_as(self, key: str, path: str) -> Answer:
        """Read with the key of somebody with an account."""
        headers = {"authorization": f"Bearer {key}"}
        return self.api.ask("GET", path, role="", headers=headers)

    def found(self, *, given: bool = True) -> Found:
        """An event with its evidence."""
        return keep(self.services, given=given)

    def hold(self) -> Hold:
        """A hold that stands."""
        items = self.services.custody.items
        return items.hold(self.found().content, NOTE, NOTE, "cli:somebody")

    def destination(self, *, enabled: bool = True) -> str:
        name = super().destination(enabled=enabled)
        for generation in range(1, 4):
            self.secrets.add(self.services.secrets.secret(name, generation))
        return name
