"""Whatever a command changes or gives away stands in the audit log, with who typed it.

A command that is new either has a step here or a reason among `SILENT`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.conftest import read_leaves
from tests.unit.interfaces.acting import (
    LINES,
    NOTE,
    NUMBERS,
    TOKEN,
    URL,
    Things,
    policy,
    unexplained,
    value,
)
from tests.unit.interfaces.cli.conversations.outcomes import put_outcomes
from tests.unit.interfaces.cli.custody.conftest import Folder
from typer.testing import CliRunner

from tutela.interfaces.cli.main import COMMANDS, build_app, load_command
from tutela.interfaces.cli.user import user
from tutela.model.custody.leaf import Leaf
from tutela.policy.versions import PolicyVersions
from tutela.settings import Settings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.keys import Keys
from tutela.storage.database import Database
from tutela.storage.review.queues import Queues
from tutela.storage.review.together.arranging import Arranging

READS = "reads, and shows no signal"
OFFLINE = "needs no database"
WORKS = "what it does has leaves of its own, by the program or by the platform"
SIGNS = "signs what the log holds, and adds nothing to it"
NO_EFFECT = "changes nothing"
SILENT: Mapping[str, str] = {
    "scan": OFFLINE,
    "pack": OFFLINE,
    "demo": "fills a database of its own",
    "serve": "tests/integration/test_api_processes.py holds it to its leaf",
    "banks list": READS,
    "banks preview": READS,
    "parked list": READS,
    "suppressions": READS,
    "rescan list": READS,
    "rescan show": READS,
    "rescan work": WORKS,
    "index status": READS,
    "index verify": READS,
    "keys list": READS,
    "cases list": READS,
    "cases count": READS,
    "cases show": READS,
    "queues list": READS,
    "review figures": READS,
    "conversations rate": OFFLINE,
    "conversations cues": OFFLINE,
    "conversations terms": OFFLINE,
    "conversations evaluate": OFFLINE,
    "conversations synthesise": OFFLINE,
    "conversations train": OFFLINE,
    "policy check": OFFLINE,
    "policy test": OFFLINE,
    "policy diff": READS,
    "accounts list": READS,
    "protection ledger": READS,
    "policy explain": READS,
    "policy show": READS,
    "policy versions": READS,
    "policy history": READS,
    "policy compare": READS,
    "actions work": WORKS,
    "actions list": READS,
    "actions show": READS,
    "actions alarms": READS,
    "destinations list": READS,
    "destinations show": READS,
    "destinations test": "sends a message that asks for nothing",
    "conversations simulate": READS,
    "law list": READS,
    "law show": READS,
    "law value": READS,
    "law check": OFFLINE,
    "law proof": READS,
    "law for": READS,
    "principles": READS,
    "settings": READS,
    "evidence list": READS,
    "evidence show": READS,
    "evidence check": OFFLINE,
    "evidence work": WORKS,
    "vault status": READS,
    "vault drill": NO_EFFECT,
    "audit verify": READS,
    "audit list": READS,
    "audit show": READS,
    "audit proof": READS,
    "audit key": READS,
    "audit checkpoint": SIGNS,
    "audit stamp": SIGNS,
    "restore": "fills another database, and the log in that is told",
}
"""Commands that leave no leaf of whoever types them, with the reason."""


SHOWING = {
    "accounts invite",
    "keys create",
    "keys code",
    "destinations create",
    "destinations rotate",
}
"""Commands that print a secret, once."""


class Desk(NamedTuple):
    """Somebody at the command line of a fresh data folder."""

    path: Path
    settings: Settings
    database: Database
    things: Things

    @property
    def evidence(self) -> Folder:
        return Folder(self.path, self.settings)

    def person(self, *, disabled: bool = False) -> str:
        """The name of an account."""
        accounts, name = Accounts(self.database), f"person-{next(NUMBERS)}"
        account = accounts.create(name, "reviewer")
        if disabled:
            accounts.disable(account.id)
        return name

    def event(self, *, given: bool = True) -> str:
        """An event with evidence that is kept, or owed."""
        return self.evidence.keep(f"a harmless line {next(NUMBERS)}".encode(), given=given)

    def item(self) -> str:
        return self.evidence.items(self.event())[0].id

    def joined(self) -> int:
        """A change by which a case came to stand in another."""
        case = self.things.case()
        self.things.case(into=case)
        (change,) = Arranging(self.database).history(case)
        return change.id

    def queues(self) -> list[str]:
        """The others of the queues, in their order."""
        return [one.name for one in Queues(self.database).list()[1:-1]]

    def due(self) -> None:
        """Let the term of an item have ended."""
        self.evidence.end(self.item())

    def hold(self) -> str:
        words = ("evidence", "hold", self.item(), "--reason", NOTE, "--authority", NOTE, "--json")
        return str(msgspec.json.decode(type_in(*words))["id"])

    def owed(self) -> list[str]:
        """An item whose bytes are owed, and a file of such bytes."""
        body = f"a harmless line {next(NUMBERS)}".encode()
        item = self.evidence.items(self.evidence.keep(body, given=False))[0]
        return [item.id, str(self.file(body))]

    def file(self, body: bytes) -> Path:
        path = self.path / f"{NOTE}-{next(NUMBERS)}"
        path.write_bytes(body)
        return path

    def bank_file(self) -> str:
        listed = value()
        self.things.secrets.add(listed)
        return str(self.file(LINES % listed.encode()))

    def policy_file(self) -> str:
        PolicyVersions(self.database).begun("")
        return str(self.file(policy().encode()))

    def key(self) -> str:
        made, secret = Keys(self.database).create(NOTE, "uploader")
        self.things.secrets.add(secret)
        return made.id

    def old_key(self) -> str:
        """A key of the vault with which nothing is wrapped any more."""
        keys = msgspec.json.decode(type_in("vault", "status", "--json"))["keys"]
        type_in("vault", "rotate")
        type_in("vault", "rewrap")
        return str(keys[0]["id"])

    def backup(self) -> list[object]:
        """A folder to back up to, and a passphrase for that."""
        secret = self.file(b"a passphrase of many words")
        secret.chmod(0o600)
        self.things.secrets.add(secret.read_text())
        return [self.path / f"backup-{next(NUMBERS)}", "--passphrase-file", secret]


Step = Callable[[Desk], Sequence[object]]
REPORT = ("--at", "2026-01-01", "--authority", NOTE, "--reference", NOTE)
MAKE = ("--url", URL, "--private", "--action", "block")


def _after(prepare: Callable[[Desk], object], *words: str) -> Step:
    """A step that types words alone, once something is prepared."""

    def step(desk: Desk) -> Sequence[object]:
        prepare(desk)
        return words

    return step


def _ordered(desk: Desk) -> Sequence[object]:
    """All queues, the last two of them the other way round."""
    one, other = desk.things.queue(), desk.things.queue()
    return [one, other, *(name for name in desk.queues() if name not in {one, other})]


STEPS: Mapping[str, Step] = {
    "banks create": lambda _: [f"bank-{next(NUMBERS)}", "--source", NOTE],
    "banks change": lambda d: [d.things.bank(), "--distance", 5, "--source", NOTE],
    "banks delete": lambda d: [d.things.listed(), "--yes"],
    "banks import": lambda d: [d.things.bank(), d.bank_file()],
    "banks export": lambda d: [d.things.listed()],
    "entries show": lambda d: [d.things.entry(), "--json"],
    "entries distance": lambda d: [d.things.entry(), 5],
    "parked release": lambda d: [d.things.parking(), "--note", NOTE],
    "parked tighten": lambda d: [d.things.parking(), "--distance", 5, "--note", NOTE],
    "parked disable": lambda d: [d.things.parking(), "--note", NOTE],
    "rescan start": lambda d: ["--bank", d.things.bank()],
    "rescan pause": lambda d: [d.things.rescan()],
    "rescan resume": lambda d: [d.things.rescan(paused=True)],
    "rescan cancel": lambda d: [d.things.rescan()],
    "accounts invite": lambda _: [f"new-{next(NUMBERS)}", "--role", "reviewer"],
    "accounts role": lambda d: [d.person(), "auditor"],
    "accounts disable": lambda d: [d.person()],
    "accounts enable": lambda d: [d.person(disabled=True)],
    "accounts unlock": lambda d: [d.person()],
    "cases export": lambda d: [d.path / f"cases-{next(NUMBERS)}"],
    "cases merge": lambda d: [d.things.case(), d.things.case(), "--why", NOTE],
    "cases split": lambda d: [case := d.things.case(), d.things.case(into=case), "--why", NOTE],
    "cases move": lambda d: [d.things.case(), d.things.queue(), "--why", NOTE],
    "cases undo": lambda d: [d.joined()],
    "queues set": lambda _: [f"queue-{next(NUMBERS)}", "--readings", 2],
    "queues delete": lambda d: [d.things.queue()],
    "queues order": _ordered,
    "protection floor": lambda _: ["--blur", 2, "--grey"],
    "protection lift": lambda d: [d.person(), "--items", 2, "--reason", NOTE],
    "keys create": lambda _: ["--role", "uploader", "--name", NOTE],
    "keys revoke": lambda d: [d.key()],
    "keys code": lambda _: ["--role", "reviewer"],
    "policy activate": lambda d: [d.policy_file(), "--note", NOTE],
    "policy shadow": lambda d: [d.policy_file(), "--note", NOTE],
    "policy rollback": _after(lambda d: d.things.other_policy(), "--note", NOTE),
    "policy replay": lambda d: [d.policy_file()],
    "actions retry": lambda d: [d.things.delivery()],
    "destinations create": lambda _: [f"platform-{next(NUMBERS)}", *MAKE],
    "destinations change": lambda d: [d.things.destination(), "--url", f"http://[::1]:2/{TOKEN}"],
    "destinations rotate": lambda d: [d.things.destination()],
    "destinations enable": lambda d: [d.things.destination(enabled=False)],
    "destinations disable": lambda d: [d.things.destination()],
    "destinations delete": lambda d: [d.things.destination()],
    "evidence hold": lambda d: [d.item(), "--reason", NOTE, "--authority", NOTE],
    "evidence release": lambda d: [d.hold(), "--reason", NOTE],
    "evidence erase": lambda d: [d.item(), "--reason", NOTE],
    "evidence report": lambda d: [d.event(), *REPORT],
    "evidence hand-in": lambda d: d.owed(),
    "evidence export": lambda d: [d.item(), "--json", d.path / f"custody-{next(NUMBERS)}"],
    "evidence verify": _after(Desk.item),
    "evidence expire": _after(Desk.due),
    "vault rotate": _after(Desk.item),
    "vault rewrap": _after(lambda d: (d.item(), type_in("vault", "rotate"))),
    "vault passphrase": _after(Desk.item, "--none"),
    "backup": Desk.backup,
    "audit export": lambda d: [d.path / f"log-{next(NUMBERS)}"],
    "vault retire": lambda d: [d.old_key(), "--at-once"],
    "conversations calibrate": _after(
        lambda d: put_outcomes(d.database, [(40, "harmless"), (80, "confirmed")] * 30)
    ),
}
"""What is typed after each other command for it to have an effect."""


def type_in(*words: object) -> str:
    done = CliRunner().invoke(build_app(), [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def commands() -> Iterator[str]:
    for row in COMMANDS:
        yield from _named(load_command(row), row.name)


def _named(command: object, name: str) -> Iterator[str]:
    below: Mapping[str, object] = getattr(command, "commands", {})
    if not below:
        yield name
    for word, one in below.items():
        yield from _named(one, f"{name} {word}")


def take(desk: Desk, command: str) -> list[Leaf]:
    """Type a command; the leaves of whoever typed it."""
    words = STEPS[command](desk)
    before = len(read_leaves(desk.database))
    out = type_in(*command.split(), *words)
    if command in {
        "accounts invite",
        "keys create",
        "keys code",
        "destinations create",
        "destinations rotate",
    }:
        desk.things.secrets |= {out.strip(), out.strip().replace("-", "")}
    return [one for one in read_leaves(desk.database)[before:] if one.by == user()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TUTELA_DATA_FOLDER", str(folder))
        settings = Settings.load()
        database = Database.open(settings.database_url)
        database.migrate()
        yield Desk(folder, settings, database, Things(database))
        database.close()


def test_no_command_is_forgotten() -> None:
    known = set(commands())
    assert known - set(STEPS) - set(SILENT) == set(), "give it a step, or a reason"
    assert (set(STEPS) | set(SILENT)) - known == set()
    assert set(STEPS) & set(SILENT) == set()


@pytest.mark.parametrize("command", STEPS)
def test_what_a_command_does_is_told_of_whoever_typed_it(desk: Desk, command: str) -> None:
    assert take(desk, command)


def test_the_manual_explains_each_leaf_and_none_holds_what_is_secret(desk: Desk) -> None:
    for command in STEPS:
        take(desk, command)
    told = read_leaves(desk.database)
    assert unexplained(told) == set()
    text = "\n".join(map(str, told))
    assert [one for one in desk.things.secrets if one in text] == []
