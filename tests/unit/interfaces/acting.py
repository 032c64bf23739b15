"""Somebody with a key and somebody in the console, with something to change for each route."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import insert, update

from tutela.interfaces.console.sign_in import COOKIE
from tutela.model import ActionKind, NewEntry, RescanState, Signal
from tutela.policy.policy import Policy
from tutela.storage.past.rescans import NewRescan
from tutela.storage.tables import deliveries, parkings
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

NUMBERS = itertools.count(1)
TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for one in an address
NOTE = "words-of-somebody"
FORM = "application/x-www-form-urlencoded"
LINES = b"type,value\r\nmd5,%b\r\n"


def value() -> str:
    return f"{next(NUMBERS):032x}"


class World:
    """An application, somebody with a key and somebody in the console; makes what is changed."""

    def __init__(self, api: Api) -> None:
        self.api, self.services = api, api.services
        life = timedelta(minutes=30)
        session, token = self.services.sessions.open("admin", idle=life, life=life)
        self.session = session.name
        self.key = "key:" + api.keys["admin"].split("_")[1]
        self._csrf, self._cookie = session.csrf, {"cookie": f"{COOKIE}={token}"}
        self.secrets = {*api.keys.values(), token, session.csrf, TOKEN, NOTE}
        self.by = ""

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
        return self.api.ask("POST", path, body, role="", kind=kind, headers=self._cookie)

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

    def bank(self, *, enabled: bool = True) -> str:
        name = f"bank-{next(NUMBERS)}"
        made = self.services.banks.create(name, trusted=True, drill=True, enabled=enabled)
        return made.name

    def entry(self) -> int:
        signal = Signal(kind="md5", value=value())
        self.secrets.add(signal.value)
        new = NewEntry(signals=(signal,), label=NOTE, note=NOTE)
        return self.services.entries.add(self.bank(), [new]).first_id

    def parking(self) -> int:
        entry = self.services.entries.get(self.entry())
        row = {"entry_id": entry.id, "bank_id": entry.bank_id, "parked_at": now(), "note": ""}
        with self.services.database.write() as connection:
            made = insert(parkings).returning(parkings.c.id)
            found = connection.execute(made, {**row, "contents": 9, "allowed": 1})
            return int(found.scalar_one())

    def rescan(self, *, paused: bool = False) -> int:
        number = self.services.rescans.ask(NewRescan(bank=self.bank()), "tutela").id
        if paused:
            assert self.services.rescans.pause(number).state is RescanState.PAUSED
        return number

    def destination(self, *, enabled: bool = True) -> str:
        """A destination that takes what blocks; nobody works on what is sent to it."""
        name, kept = f"platform-{next(NUMBERS)}", self.services.destinations
        made = kept.create(name, self.url, actions=(ActionKind.BLOCK,), private=True)
        kept.change(name, enabled=enabled)
        self.services.routing.refresh()
        for generation in range(1, 4):
            self.secrets.add(self.services.secrets.secret(name, generation))
        return made.name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:1/{TOKEN}"

    def delivery(self, *, failed: bool = False) -> str:
        """An action on its way to a destination of its own."""
        name, event = self.destination(), f"event-{next(NUMBERS)}"
        signals = [
            {"kind": "md5", "value": self.services.entries.get(self.entry()).signals[0].value}
        ]
        self.services.sync.refresh()
        self.api.post("/v1/check", {"event_id": event, "signals": signals, "drill": True})
        (sent,) = (
            one for one in self.services.deliveries.of_event(event) if one.destination == name
        )
        if failed:
            with self.services.database.write() as connection:
                gone = {"state": "failed", "ended_at": now(), "next_at": None}
                own = update(deliveries).where(deliveries.c.id == sent.id)
                connection.execute(own.values(gone))
        return sent.id

    def policy(self) -> str:
        return (
            f"policy: drill-{next(NUMBERS)}\nowner: safety\nrules:\n"
            "  - name: all\n    when: matches.exists(m, m.trusted)\n"
            "    actions: [block, open_case]\n    reason: Wait.\n    notice: It waits.\n"
        )

    def other_policy(self) -> str:
        """Put another policy in force; the version that was live before."""
        before = self.services.versions.latest()
        assert before is not None
        self.services.versions.activate(Policy.load(self.policy(), "drill"), by="")
        return before.live
