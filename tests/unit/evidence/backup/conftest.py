"""Installations with something in them, and backups of them."""

from __future__ import annotations

import hashlib
import itertools
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.witness import Witness
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.folder import BackupFolder
from tutela.evidence.backup.making import Made, Making, Protection
from tutela.evidence.backup.restoring import Back, Restoring
from tutela.evidence.opening import open_store, open_vault
from tutela.evidence.vault.vault import Vault
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
from tutela.model.custody.evidence import (
    EvidenceKind,
    ItemFacts,
    ItemState,
    NewItem,
    Step,
    StepKind,
    Term,
)
from tutela.model.custody.terms import Bound, Moment
from tutela.response.secrets import Secrets
from tutela.settings import DataSettings, Settings, StorageSettings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal

DETECTED_AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TERM = Term(pack="uk-1", keep="1 year", bound=Bound.MINIMUM, after=Moment.REPORT, source="a law")
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Place:
    """An installation: a data folder, a database, a vault, an audit log with a witness."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.settings = Settings(
            data=DataSettings(folder=str(folder)), storage=StorageSettings(url=url)
        )
        self._numbers = itertools.count()
        self._database: Database | None = None
        self._vault: Vault | None = None

    @property
    def database(self) -> Database:
        """Opened when it is first asked for."""
        if self._database is None:
            self._database = Database.open(self.url)
            self._database.migrate()
        return self._database

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            self._vault = open_vault(self.settings)
        return self._vault

    @property
    def items(self) -> EvidenceItems:
        return EvidenceItems(self.database)

    @property
    def log(self) -> AuditLog:
        return AuditLog(self.database)

    def fill(self, events: int = 3) -> list[str]:
        """Put something of everything into it; ids of the items of evidence."""
        Banks(self.database).create("hills")
        Entries(self.database).add("hills", [self._entry() for _ in range(20)])
        Secrets.open(self.settings.actions_key_file)
        kept = [self.keep() for _ in range(events)]
        self.sign()
        return kept

    def keep(self, content: bytes | None = None) -> str:
        """Take the bytes of an event into the vault; the id of the item."""
        number = next(self._numbers)
        sealed = self.vault.seal(content or b"a harmless line %d\n" % number * 1000)
        item = NewItem(
            id=f"item-{self.folder.name}-{number:08}",
            kind=EvidenceKind.CONTENT,
            state=ItemState.KEPT,
            drill=True,
            detected_at=DETECTED_AT,
            term=TERM,
            facts=ItemFacts(
                name="hill.png",
                digests=sealed.digests,
                salt="0c" * 16,
                chain=(Step(kind=StepKind.UPLOAD, name="hill.png", at=DETECTED_AT),),
            ),
            sealed=sealed,
            expires_at=DETECTED_AT - timedelta(days=1),
        )
        event, outcome, case = _event(f"event-{self.folder.name}-{number}")
        with Journal(self.database) as journal:
            journal.record(event, outcome, case, items=[item]).result(30)
        return item.id

    def destroy(self, item_id: str) -> None:
        """As when its term has ended."""
        gone = self.items.destroy(item_id, "tutela", datetime.now(UTC))
        assert gone is not None
        self.vault.discard(gone)

    def sign(self) -> None:
        """Bring the witness up to the log, and sign it."""
        key = AuditKey.create(self.settings.audit_key_file)
        Signer(self.log, key, Witness(self.settings.witness_folder)).sign_if_more()

    def close(self) -> None:
        """Stop using it, as a server that is stopped."""
        if self._database is not None:
            self._database.close()
        if self._vault is not None:
            self._vault.close()
        self._database = self._vault = None

    def back_up(
        self,
        path: Path,
        protection: Protection,
        keep: int | None = None,
        leave_out: tuple[str, ...] = (),
    ) -> Made:
        """Make a generation of a backup."""
        store = open_store(self.settings)
        making = Making(
            database=self.database,
            store=store,
            settings=self.settings,
            by="cli:anna",
            progress=lambda _what, _more: None,
            leave_out=leave_out,
        )
        try:
            return making.make(BackupFolder(path, create=True), protection, keep=keep)
        finally:
            store.close()

    def restore(
        self, path: Path, identities: Identities, at: str | None = None, **how: object
    ) -> Back:
        """Restore a generation here."""
        self.close()
        folder = BackupFolder(path)
        restoring = Restoring(
            settings=self.settings,
            by="cli:anna",
            progress=lambda _what, _more: None,
            **how,  # type: ignore[arg-type]
        )
        return restoring.restore(folder, folder.find(at), identities)

    def _entry(self) -> NewEntry:
        value = hashlib.sha256(f"hill {next(self._numbers)}".encode()).hexdigest()
        return NewEntry(signals=(Signal(kind="pdq", value=value, quality=80),))


def _event(event_id: str) -> tuple[Event, Outcome, Case]:
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    event = Event(
        id=event_id,
        digest=digest,
        received_at=DETECTED_AT,
        drill=True,
        contents=(Content(size=9, signals=(Signal(kind="sha256", value=digest),)),),
    )
    case = Case(id=f"case-{event_id}", event_id=event_id, opened_at=DETECTED_AT, drill=True)
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
        received_at=DETECTED_AT,
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
    return event, outcome, case


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes installations: `new_place(name, url)`; without a URL on SQLite in its folder."""
    places: list[Place] = []

    def make(name: str, url: str = "") -> Place:
        folder = tmp_path / name
        folder.mkdir()
        places.append(Place(folder, url or f"sqlite:///{folder / 'tutela.db'}"))
        return places[-1]

    yield make
    for place in places:
        place.close()


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, new_place: Callable[..., Place]) -> Place:
    """An installation, on each kind of database in turn."""
    if request.param == "sqlite":
        return new_place("here")
    return new_place("here", request.getfixturevalue("postgres").create())


@pytest.fixture
def there(request: pytest.FixtureRequest, here: Place, new_place: Callable[..., Place]) -> Place:
    """Another one with nothing in it, on the same kind of database."""
    if here.settings.database_file is not None:
        return new_place("there")
    return new_place("there", request.getfixturevalue("postgres").create())


@pytest.fixture(params=KINDS)
def anywhere(request: pytest.FixtureRequest, new_place: Callable[..., Place]) -> Place:
    """Another one with nothing in it, on each kind of database in turn."""
    if request.param == "sqlite":
        return new_place("there")
    return new_place("there", request.getfixturevalue("postgres").create())


@pytest.fixture(scope="session")
def identity() -> Identities:
    """The key pair of whoever may open backups."""
    return Identities.generate()


@pytest.fixture
def protection(identity: Identities) -> Protection:
    """To be opened with `identity`."""
    return Protection(recipients=(identity.recipient,))


@contextmanager
def _small_files(bytes_: int) -> Iterator[None]:
    """The system refuses files that are larger, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def small_files() -> Callable[[int], AbstractContextManager[None]]:
    """Lets the system refuse larger files: `with small_files(bytes)`."""
    return _small_files


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backup"
