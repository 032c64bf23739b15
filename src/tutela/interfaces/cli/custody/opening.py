"""What the commands about evidence open: the database, and the vault where they need it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from tutela.errors import InvalidInput
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from tutela.evidence.keys.service import KeyService
    from tutela.evidence.opening import Makers
    from tutela.evidence.vault.vault import Vault
    from tutela.response.custody.terms import Terms
    from tutela.storage.audit.reading import AuditLog
    from tutela.storage.database import Database
    from tutela.storage.evidence.items import EvidenceItems

FAULTY = 1
"""Exit code of a look that found something wrong."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="Id of the item: item-…")]
ReasonOption = Annotated[str, typer.Option(metavar="WHY", help="Why, in a sentence.")]


@dataclass(frozen=True, slots=True)
class Place:
    """What commands about evidence work with.

    Attributes:
        opened: closes what is opened.
    """

    settings: Settings
    database: Database
    items: EvidenceItems
    audit: AuditLog
    opened: ExitStack

    def vault(self) -> Vault:
        """The vault of the settings; raises what opening it raises."""
        from tutela.evidence.opening import open_vault  # noqa: PLC0415 - not for `--help`

        vault = open_vault(self.settings, makers())
        self.opened.callback(vault.close)
        return vault

    def keys(self) -> KeyService:
        """The key service of the settings; keys are made where none can be missed."""
        from tutela.evidence.opening import open_keys, open_store  # noqa: PLC0415 - as above

        found = makers()
        with closing(open_store(self.settings, found)) as store:
            keys = open_keys(
                self.settings, found, create=lambda: not any(True for _ in store.list())
            )
        self.opened.callback(keys.close)
        return keys

    def terms(self) -> Terms:
        """How long evidence is kept, by the law in force."""
        from tutela.policy.law.law import Law  # noqa: PLC0415 - not for `--help`
        from tutela.response.custody.opening import terms_of  # noqa: PLC0415

        return terms_of(self.settings, Law.load(self.settings.law.file))

    def log(self) -> FilteringBoundLogger:
        """A log on standard error."""
        from tutela.telemetry import make_logger  # noqa: PLC0415 - not for `--help`

        log = self.settings.log
        return make_logger(log.level, as_json=log.json, stream=sys.stderr)


def makers() -> Makers:
    """The stores and key services that extensions add."""
    found: Makers = import_module("tutela.extensions").vault_makers()
    return found


@contextmanager
def opened(config: ConfigOption) -> Iterator[Place]:
    """The database of the settings with its tables, and what opens the vault."""
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.response.custody.opening import items_of  # noqa: PLC0415
    from tutela.storage.audit.reading import AuditLog  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415

    settings = Settings.load(config)
    with ExitStack() as stack:
        database = Database.open(settings.database_url)
        stack.callback(database.close)
        database.migrate()
        items = items_of(settings, database)
        yield Place(settings, database, items, AuditLog(database), stack)


def print_json(what: object) -> None:
    """Print one JSON document on a line of its own."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")


def counting(what: str) -> Progress:
    """A progress bar of things, on standard error."""
    return _bar(what, MofNCompleteColumn())


def reading(what: str) -> Progress:
    """A progress bar of bytes, on standard error."""
    return _bar(what, DownloadColumn())


def _bar(what: str, done: MofNCompleteColumn | DownloadColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn(what), BarColumn(), done, TimeRemainingColumn(), console=console)


def moment_of(text: str, where: str) -> datetime:
    """A point in time as people write it: `2027-01-31`, or a full ISO 8601 time; UTC if not said.

    Raises:
        InvalidInput: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "this is not a time", where=where, remedy="write 2027-01-31 or 2027-01-31T14:30Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def said(text: str, where: str = "--reason") -> str:
    """What somebody gives as a reason; raises `InvalidInput` where it says nothing."""
    if not text.strip():
        raise InvalidInput("say it in a sentence", where=where)
    return text.strip()
